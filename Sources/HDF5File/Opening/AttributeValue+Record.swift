// AttributeValue+Record.swift

import Text

extension AttributeValue {
  /// Reads what follows the name in an attribute's record.
  init(from reader: inout ByteReader) throws(MalformedCatalogue) {
    switch AttributeTag(rawValue: try reader.number()) {
    case .numbers:
      let type = try reader.type()
      let shape = try Self.shape(from: &reader)
      let bytes = try reader.byteString(limit: WalkLimit.attributeBytes)
      self = try Self.numbers(type, shape: shape.lengths, count: shape.count, bytes)
    case .strings:
      let shape = try Self.shape(from: &reader)
      // Each string takes at least the four bytes of its count.
      guard shape.count <= reader.remaining / 4 else {
        throw MalformedCatalogue(what: "more strings than bytes")
      }
      var strings: [UntrustedText] = []
      for _ in 0..<shape.count {
        strings.append(
          UntrustedText(bytes: try reader.byteString(limit: WalkLimit.attributeBytes)))
      }
      self = .strings(strings, shape: shape.lengths)
    case .unsupported:
      self = .unsupported(TypeFields.className(try reader.number()))
    case nil: throw MalformedCatalogue(what: "an attribute of unknown kind")
    }
  }

  private static func shape(
    from reader: inout ByteReader
  ) throws(MalformedCatalogue) -> (lengths: [Int], count: Int) {
    var count = 1
    var lengths: [Int] = []
    for length in try reader.shape() {
      guard let length = Int(exactly: length) else {
        throw MalformedCatalogue(what: "an attribute's shape overflows")
      }
      let product = count.multipliedReportingOverflow(by: length)
      guard !product.overflow else {
        throw MalformedCatalogue(what: "an attribute's shape overflows")
      }
      count = product.partialValue
      lengths.append(length)
    }
    return (lengths, count)
  }

  private static func numbers(
    _ fields: TypeFields, shape: [Int], count: Int, _ bytes: [UInt8]
  ) throws(MalformedCatalogue) -> AttributeValue {
    guard case .success((let type, let order)) = fields.elementType(), let size = type.byteCount
    else { return .unsupported(TypeFields.className(fields.typeClass)) }
    let expected = count.multipliedReportingOverflow(by: size)
    guard !expected.overflow, expected.partialValue == bytes.count else {
      throw MalformedCatalogue(what: "an attribute's bytes do not fit its shape")
    }
    let source = ElementSource(type: type, order: order)
    if type.isFloatingPoint {
      guard let reals = source.convert(bytes, to: Double.self, count: count) else {
        return .unsupported(type.name)
      }
      return .reals(reals, shape: shape)
    }
    guard let integers = source.convert(bytes, to: Int64.self, count: count) else {
      return .unsupported("integers beyond 63 bits")
    }
    if type == .boolean { return .booleans(integers.map { $0 != 0 }, shape: shape) }
    return .integers(integers.map { Int($0) }, shape: shape)
  }
}

extension ElementSource {
  /// All elements, or nil if one does not fit; `bytes` has exactly their size.
  fileprivate func convert<Element: ReadableElement>(
    _ bytes: [UInt8], to type: Element.Type, count: Int
  ) -> [Element]? {
    guard count > 0 else { return [] }
    var fits = false
    let elements = [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
      bytes.withUnsafeBytes { bytes in
        guard let source = bytes.baseAddress, let target = buffer.baseAddress else { return }
        fits = convert(source, count: count, to: Element.readableKind, target) == nil
      }
      initialized = fits ? count : 0
    }
    return fits ? elements : nil
  }
}
