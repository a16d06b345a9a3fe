// CatalogueParser.swift
// The other side of the pipe has parsed a hostile file: what it says is input from an enemy.

import Text

/// What the confined process said, checked for form; the checks of storage come later.
struct ParsedCatalogue {
  var confinement: Confinement = []
  var userBlockSize: UInt64 = 0
  /// In the order of the walk; the first is the root.
  var root: ParsedGroup?
  /// The path of the object that was opened last.
  var visiting: UntrustedText?
  /// Why the walk refused the file.
  var refusal: ParsedRefusal?
  /// Whether the last record was there.
  var isComplete = false
}

/// The file is refused by the walk.
struct ParsedRefusal {
  let path: ObjectPath
  let reason: HDF5Reason
  let frames: [LibraryFrame]
}

/// A group as told.
struct ParsedGroup {
  let path: ObjectPath
  let objectID: UInt64
  var attributes: [Attribute] = []
  /// What its links lead to, in order; groups and datasets by their places in the two lists.
  var members: [(name: ObjectName, member: ParsedMember)] = []
  var groups: [ParsedGroup] = []
  var datasets: [ParsedDataset] = []
  var names: Set<ObjectName> = []
}

/// What a link leads to.
enum ParsedMember {
  case group(Int)
  case dataset(Int)
  case hardLink(UInt64)
}

/// A dataset as told.
struct ParsedDataset {
  let path: ObjectPath
  let objectID: UInt64
  let fault: DatasetFault
  let frames: [LibraryFrame]
  let axes: Int
  let type: TypeFields
  let shape: [UInt64]
  var storage: ParsedStorage
  var attributes: [Attribute] = []
}

/// Storage as told.
enum ParsedStorage {
  case none
  case compact(storedSize: UInt64, bytes: [UInt8])
  case contiguous(offset: UInt64, storedSize: UInt64)
  case chunked(ParsedChunks)
}

/// Chunks as told.
struct ParsedChunks {
  let chunkShape: [UInt64]
  let options: UInt32
  let filters: [(identifier: UInt32, values: [UInt32])]
  let storedChunks: UInt64
  var places: [(position: UInt64, offset: UInt64, size: UInt64, mask: UInt32)] = []
}

/// Reads the records one by one.
struct CatalogueParser {
  private(set) var catalogue = ParsedCatalogue()
  private var open: [ParsedGroup] = []
  /// The dataset to which attributes and chunks belong, with its name.
  private var dataset: (name: ObjectName, dataset: ParsedDataset)?
  private var objects: Set<UInt64> = []
  private var attributesHere = 0

  /// Reads as far as the bytes go; a catalogue cut short is no failure of form.
  mutating func parse(_ bytes: [UInt8]) throws(MalformedCatalogue) {
    // The process that receives the bytes looks at their beginning first; who else calls may not.
    guard bytes.count >= CatalogueFormat.magic.count else { return }
    guard bytes.starts(with: CatalogueFormat.magic) else {
      throw MalformedCatalogue(what: "it does not begin as one")
    }
    var reader = ByteReader(bytes[CatalogueFormat.magic.count...])
    while reader.remaining > 0, !catalogue.isComplete, catalogue.refusal == nil {
      guard reader.remaining >= 5 else { return }
      let tag = try reader.number(UInt8.self)
      let length = Int(try reader.number(UInt32.self))
      guard length <= CatalogueFormat.longestRecord else {
        throw MalformedCatalogue(what: "a record is too long")
      }
      guard length <= reader.remaining else { return }
      var payload = ByteReader(try reader.slice(length))
      guard let tag = RecordTag(rawValue: tag) else {
        throw MalformedCatalogue(what: "a record of unknown kind")
      }
      try parse(tag, &payload)
      try payload.expectEnd()
    }
    try reader.expectEnd()
  }

  private mutating func parse(
    _ tag: RecordTag, _ payload: inout ByteReader
  ) throws(MalformedCatalogue) {
    switch tag {
    case .confinement: catalogue.confinement = Confinement(rawValue: try payload.number())
    case .file: catalogue.userBlockSize = try payload.number()
    case .visiting:
      let path = try payload.byteString(limit: Self.longestPath)
      catalogue.visiting = path.isEmpty ? UntrustedText("/") : UntrustedText(bytes: path)
    case .groupBegin: try beginGroup(&payload)
    case .groupEnd: try endGroup()
    case .attribute: try parseAttribute(&payload)
    case .dataset: try parseDataset(&payload)
    case .chunks: try parseChunks(&payload)
    case .hardLink: try parseHardLink(&payload)
    case .refusal: catalogue.refusal = try ParsedRefusal(from: &payload)
    case .end:
      guard open.isEmpty, catalogue.root != nil else {
        throw MalformedCatalogue(what: "it ends within a group")
      }
      catalogue.isComplete = true
    }
  }

  /// 32 names of 255 bytes and their slashes, and one more that is judged.
  static let longestPath = (WalkLimit.depth + 2) * 4200

  // MARK: Groups

  private mutating func beginGroup(_ payload: inout ByteReader) throws(MalformedCatalogue) {
    try closeDataset()
    attributesHere = 0
    guard open.count <= WalkLimit.depth else {
      throw MalformedCatalogue(what: "groups are nested too deep")
    }
    if open.isEmpty {
      guard catalogue.root == nil, try payload.byteString(limit: 0).isEmpty else {
        throw MalformedCatalogue(what: "a second root")
      }
      open.append(ParsedGroup(path: .root, objectID: try newObject(&payload)))
    } else {
      let name = try memberName(&payload)
      let path = open[open.count - 1].path.appending(name)
      open.append(ParsedGroup(path: path, objectID: try newObject(&payload)))
    }
  }

  private mutating func endGroup() throws(MalformedCatalogue) {
    try closeDataset()
    guard let group = open.popLast() else {
      throw MalformedCatalogue(what: "a group ends that did not begin")
    }
    if open.isEmpty {
      catalogue.root = group
    } else if let name = group.path.names.last {
      let parent = open.count - 1
      open[parent].members.append((name, .group(open[parent].groups.count)))
      open[parent].groups.append(group)
    }
  }

  private mutating func parseHardLink(_ payload: inout ByteReader) throws(MalformedCatalogue) {
    try closeDataset()
    let name = try memberName(&payload)
    let objectID = try payload.number(UInt64.self)
    guard objects.contains(objectID), !open.contains(where: { $0.objectID == objectID }) else {
      throw MalformedCatalogue(what: "a link to an object that was not told")
    }
    open[open.count - 1].members.append((name, .hardLink(objectID)))
  }

  private mutating func memberName(
    _ payload: inout ByteReader
  ) throws(MalformedCatalogue) -> ObjectName {
    let name = try payload.name()
    guard !open.isEmpty else { throw MalformedCatalogue(what: "an object outside the root") }
    guard open[open.count - 1].names.insert(name).inserted else {
      throw MalformedCatalogue(what: "one name twice in a group")
    }
    guard open[open.count - 1].names.count <= WalkLimit.links else {
      throw MalformedCatalogue(what: "too many members")
    }
    return name
  }

  private mutating func newObject(
    _ payload: inout ByteReader
  ) throws(MalformedCatalogue) -> UInt64 {
    let objectID = try payload.number(UInt64.self)
    guard objects.insert(objectID).inserted else {
      throw MalformedCatalogue(what: "one object told twice")
    }
    guard objects.count <= WalkLimit.objects + 1 else {
      throw MalformedCatalogue(what: "too many objects")
    }
    return objectID
  }

  private mutating func parseAttribute(_ payload: inout ByteReader) throws(MalformedCatalogue) {
    let name = try payload.name()
    let attribute = Attribute(name: name, value: try AttributeValue(from: &payload))
    attributesHere += 1
    guard attributesHere <= WalkLimit.attributes else {
      throw MalformedCatalogue(what: "too many attributes")
    }
    if dataset != nil {
      dataset?.dataset.attributes.append(attribute)
    } else if !open.isEmpty, open[open.count - 1].members.isEmpty {
      open[open.count - 1].attributes.append(attribute)
    } else {
      throw MalformedCatalogue(what: "an attribute of no object")
    }
  }

  // MARK: Datasets

  private mutating func closeDataset() throws(MalformedCatalogue) {
    guard let (name, dataset) = dataset else { return }
    let parent = open.count - 1
    open[parent].members.append((name, .dataset(open[parent].datasets.count)))
    open[parent].datasets.append(dataset)
    self.dataset = nil
  }

  private mutating func parseDataset(_ payload: inout ByteReader) throws(MalformedCatalogue) {
    try closeDataset()
    attributesHere = 0
    let name = try memberName(&payload)
    let objectID = try newObject(&payload)
    guard let fault = DatasetFault(rawValue: try payload.number()) else {
      throw MalformedCatalogue(what: "an unknown fault")
    }
    dataset = (
      name,
      ParsedDataset(
        path: open[open.count - 1].path.appending(name), objectID: objectID, fault: fault,
        frames: try payload.frames(), axes: Int(try payload.number(UInt8.self)),
        type: try payload.type(), shape: try payload.shape(),
        storage: try ParsedStorage(from: &payload))
    )
  }

  private mutating func parseChunks(_ payload: inout ByteReader) throws(MalformedCatalogue) {
    guard case (let name, var dataset)? = dataset, case .chunked(var chunks) = dataset.storage
    else {
      throw MalformedCatalogue(what: "chunks of no dataset")
    }
    self.dataset = nil
    dataset.storage = .none
    let count = Int(try payload.number(UInt32.self))
    guard count <= WalkLimit.chunks - chunks.places.count else {
      throw MalformedCatalogue(what: "too many chunks")
    }
    guard payload.remaining / 28 == count else {
      throw MalformedCatalogue(what: "chunks are cut")
    }
    for _ in 0..<count {
      chunks.places.append(
        (
          position: try payload.number(), offset: try payload.number(),
          size: try payload.number(), mask: try payload.number()
        ))
    }
    dataset.storage = .chunked(chunks)
    self.dataset = (name, dataset)
  }
}
