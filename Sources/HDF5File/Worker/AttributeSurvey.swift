// AttributeSurvey.swift

internal import CHDF5

/// Tells the attributes of one object.
struct AttributeSurvey {
  let path: [UInt8]

  private struct Names {
    var names: [[UInt8]] = []
  }

  /// Tells all attributes of an open object.
  func tell(
    _ object: hid_t, info: CHDF5_object, to writer: inout RecordWriter
  ) throws(WalkRefusal) {
    guard info.attributeCount > 0 else { return }
    guard info.attributeCount <= WalkLimit.attributes else {
      throw WalkRefusal(path: path, code: .tooManyAttributes, figure: info.attributeCount)
    }
    let names: [[UInt8]]
    do throws(LibraryFailure) {
      names = try Self.names(of: object)
    } catch {
      throw WalkRefusal(
        path: path, code: .library, figure: UInt64(LibraryStep.listAttributes.rawValue),
        frames: error.frames)
    }
    for name in names {
      do throws(NameFault) {
        _ = try ObjectName(bytes: name)
      } catch {
        throw WalkRefusal(path: path, code: .invalidName, name: name)
      }
      let tooLarge: UInt64?
      do throws(LibraryFailure) {
        let bytes = try tell(name, of: object, to: &writer)
        tooLarge = bytes > WalkLimit.attributeBytes ? bytes : nil
      } catch {
        throw WalkRefusal(
          path: path, code: .attributeUnreadable, name: name, frames: error.frames)
      }
      if let tooLarge {
        throw WalkRefusal(path: path, code: .attributeTooLarge, name: name, figure: tooLarge)
      }
    }
  }

  private static func names(of object: hid_t) throws(LibraryFailure) -> [[UInt8]] {
    var list = Names()
    try withUnsafeMutablePointer(to: &list) { list throws(LibraryFailure) in
      _ = try Library.call { _ in
        CHDF5_iterateAttributes(
          object,
          { name, context in
            guard let context else { return 1 }
            let list = context.assumingMemoryBound(to: Names.self)
            list.pointee.names.append(CString.bytes(name, limit: 4096))
            return list.pointee.names.count > WalkLimit.attributes ? 1 : 0
          }, list)
      }
    }
    return list.names
  }

  // MARK: One attribute

  /// Tells one attribute, unless its bytes, which are returned, are more than the limit.
  private func tell(
    _ name: [UInt8], of object: hid_t, to writer: inout RecordWriter
  ) throws(LibraryFailure) -> UInt64 {
    let cName = name.map { CChar(bitPattern: $0) } + [0]
    let attribute = try Handle(.attribute) { $0.H5Aopen(object, cName, CHDF5_default()) }
    let id = attribute.id
    let type = try Handle(.type) { $0.H5Aget_type(id) }
    let space = try Handle(.space) { $0.H5Aget_space(id) }
    let fields = try TypeFields(survey: type.id)
    let extent = try SpaceSurvey(space.id)
    guard let shape = extent.shape else {
      let reason = extent.axes > WalkLimit.axes ? TypeFields.tooManyAxes : TypeFields.noDataspace
      tellUnsupported(name, reason, to: &writer)
      return 0
    }
    let (bytes, overflow) = shape.reduce((UInt64(fields.size), false)) { total, length in
      let product = total.0.multipliedReportingOverflow(by: length)
      return (product.partialValue, total.1 || product.overflow)
    }
    guard !overflow, bytes <= WalkLimit.attributeBytes else { return overflow ? .max : bytes }
    let size = Int(bytes)
    if fields.isNumber {
      let content = try Self.read(id, as: type.id, size: size)
      writer.record(.attribute) {
        $0.put(bytes: name)
        $0.put(AttributeTag.numbers.rawValue)
        $0.put(type: fields)
        $0.put(shape: shape)
        $0.put(bytes: content)
      }
    } else if fields.typeClass == UInt8(H5T_STRING.rawValue) {
      let strings = try Self.strings(id, type: type.id, fields: fields, size: size)
      let total = strings.reduce(0) { $0 + $1.count }
      guard total <= WalkLimit.attributeBytes else { return UInt64(total) }
      writer.record(.attribute) {
        $0.put(bytes: name)
        $0.put(AttributeTag.strings.rawValue)
        $0.put(shape: shape)
        for string in strings { $0.put(bytes: string) }
      }
    } else {
      tellUnsupported(name, fields.typeClass, to: &writer)
    }
    return bytes
  }

  private func tellUnsupported(
    _ name: [UInt8], _ reason: UInt8, to writer: inout RecordWriter
  ) {
    writer.record(.attribute) {
      $0.put(bytes: name)
      $0.put(AttributeTag.unsupported.rawValue)
      $0.put(reason)
    }
  }

  /// Bytes in the file's own type, hence without conversion.
  private static func read(
    _ attribute: hid_t, as type: hid_t, size: Int
  ) throws(LibraryFailure) -> [UInt8] {
    guard size > 0 else { return [] }
    var content = [UInt8](repeating: 0, count: size)
    try Library.call { $0.H5Aread(attribute, type, &content) }
    return content
  }

  // MARK: Strings

  private static func strings(
    _ attribute: hid_t, type: hid_t, fields: TypeFields, size: Int
  ) throws(LibraryFailure) -> [[UInt8]] {
    if try Library.call({ $0.H5Tis_variable_str(type) }) > 0 {
      return try variableStrings(attribute, type: type, count: size / Int(fields.size))
    }
    let content = try read(attribute, as: type, size: size)
    let padding = try Library.call { $0.H5Tget_strpad(type).rawValue }
    return stride(from: 0, to: content.count, by: Int(fields.size)).map { start in
      unpadded(content[start..<(start + Int(fields.size))], padding: H5T_str_t(rawValue: padding))
    }
  }

  private static func unpadded(_ bytes: ArraySlice<UInt8>, padding: H5T_str_t) -> [UInt8] {
    if padding == H5T_STR_NULLTERM { return Array(bytes.prefix { $0 != 0 }) }
    let pad: UInt8 = padding == H5T_STR_SPACEPAD ? UInt8(ascii: " ") : 0
    let end = bytes.lastIndex { $0 != pad }.map { $0 + 1 } ?? bytes.startIndex
    return Array(bytes[..<end])
  }

  private static func variableStrings(
    _ attribute: hid_t, type: hid_t, count: Int
  ) throws(LibraryFailure) -> [[UInt8]] {
    guard count > 0 else { return [] }
    let memory = try Handle(.type) { $0.H5Tcopy($0.cString) }
    let id = memory.id
    let set = try Library.call { $0.H5Tget_cset(type).rawValue }
    try Library.call { $0.H5Tset_size(id, CHDF5_variableLength()) }
    try Library.call { $0.H5Tset_cset(id, H5T_cset_t(rawValue: set)) }
    var pointers = [UnsafeMutablePointer<CChar>?](repeating: nil, count: count)
    try Library.call { $0.H5Aread(attribute, id, &pointers) }
    // The strings belong to libhdf5's allocator and die with this process.
    return pointers.map { pointer in
      pointer.map { CString.bytes($0, limit: WalkLimit.attributeBytes + 1) } ?? []
    }
  }
}
