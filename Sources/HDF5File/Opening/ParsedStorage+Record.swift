// ParsedStorage+Record.swift

import Text

extension ParsedStorage {
  /// Reads the end of a dataset's record.
  init(from reader: inout ByteReader) throws(MalformedCatalogue) {
    switch StorageTag(rawValue: try reader.number()) {
    case .none?: self = .none
    case .compact:
      self = .compact(
        storedSize: try reader.number(),
        bytes: try reader.byteString(limit: WalkLimit.compactBytes))
    case .contiguous:
      self = .contiguous(offset: try reader.number(), storedSize: try reader.number())
    case .chunked:
      let chunkShape = try reader.shape()
      let options = try reader.number(UInt32.self)
      self = .chunked(
        ParsedChunks(
          chunkShape: chunkShape, options: options, filters: try Self.filters(from: &reader),
          storedChunks: try reader.number()))
    case nil: throw MalformedCatalogue(what: "storage of unknown kind")
    }
  }

  private static func filters(
    from reader: inout ByteReader
  ) throws(MalformedCatalogue) -> [(identifier: UInt32, values: [UInt32])] {
    let count = Int(try reader.number(UInt8.self))
    guard count <= WalkLimit.filters + 1 else {
      throw MalformedCatalogue(what: "too many filters")
    }
    var filters: [(identifier: UInt32, values: [UInt32])] = []
    for _ in 0..<count {
      let identifier = try reader.number(UInt32.self)
      let valueCount = Int(try reader.number(UInt8.self))
      guard valueCount <= WalkLimit.filterValues else {
        throw MalformedCatalogue(what: "a filter has too many values")
      }
      var values: [UInt32] = []
      for _ in 0..<valueCount { values.append(try reader.number()) }
      filters.append((identifier, values))
    }
    return filters
  }
}

extension ParsedRefusal {
  /// Reads a refusal's record.
  init(from reader: inout ByteReader) throws(MalformedCatalogue) {
    let pathBytes = try reader.byteString(limit: CatalogueParser.longestPath)
    let code = RefusalCode(rawValue: try reader.number())
    let name = UntrustedText(bytes: try reader.byteString(limit: 4200))
    let figure = try reader.number(UInt64.self)
    frames = try reader.frames()
    path = Self.path(pathBytes)
    guard let code, let reason = Self.reason(code, name: name, figure: figure) else {
      throw MalformedCatalogue(what: "an unknown refusal")
    }
    self.reason = reason
  }

  /// The names of a path as far as they are valid: the last one may be what is refused.
  private static func path(_ bytes: [UInt8]) -> ObjectPath {
    var names: [ObjectName] = []
    for component in bytes.split(separator: UInt8(ascii: "/")) {
      guard let name = try? ObjectName(bytes: Array(component)) else { break }
      names.append(name)
    }
    return ObjectPath(names: names)
  }

  private static func reason(
    _ code: RefusalCode, name: UntrustedText, figure: UInt64
  ) -> HDF5Reason? {
    switch code {
    case .softLink: return .link(.soft)
    case .externalLink: return .link(.external)
    case .userDefinedLink: return .link(.userDefined(Int(truncatingIfNeeded: figure & 0xFFFF)))
    case .externalStorage: return .externalStorage
    case .virtualDataset: return .virtualDataset
    case .hardLinkCycle: return .hardLinkCycle
    case .tooDeep: return .tooDeep(limit: WalkLimit.depth)
    case .tooManyObjects: return .tooManyObjects(limit: WalkLimit.objects)
    case .tooManyLinks: return .tooManyLinks(limit: WalkLimit.links)
    case .tooManyAttributes:
      return .tooManyAttributes(Int(clamping: figure), limit: WalkLimit.attributes)
    case .attributeTooLarge:
      return .attributeTooLarge(name, bytes: figure, limit: WalkLimit.attributeBytes)
    case .attributeUnreadable: return .attributeUnreadable(name)
    case .invalidName:
      do throws(NameFault) {
        _ = try ObjectName(bytes: name.bytes)
        return nil
      } catch {
        return .invalidName(name, error)
      }
    case .library: return LibraryStep(rawValue: UInt8(clamping: figure)).map { .library($0) }
    }
  }
}
