// CatalogueWalk.swift
// Lists first, opens later: a group's links are collected and their class is judged before any of
// them is followed, so that nothing but a hard link is ever resolved.

internal import CHDF5

/// A walk over all objects of a file, told as records.
struct CatalogueWalk {
  var writer: RecordWriter
  private var path: [UInt8] = []
  /// Addresses of groups that are being walked: meeting one again is a cycle.
  private var openGroups: Set<UInt64> = []
  /// Addresses of everything told.
  private var told: Set<UInt64> = []

  init(writer: RecordWriter) {
    self.writer = writer
  }

  /// Walks the file that the driver serves.
  mutating func run(driver: hid_t) throws(WalkRefusal) {
    do throws(LibraryFailure) {
      try Library.call { $0.H5PLset_loading_state(0) }
      try Library.call { $0.H5Lunregister(H5L_TYPE_EXTERNAL) }
    } catch {
      throw refusal(.library, figure: UInt64(LibraryStep.openFile.rawValue), error)
    }
    visit()
    let file = try guarded(.openFile) { () throws(LibraryFailure) in try Self.open(driver) }
    let userBlock = try guarded(.openFile) { () throws(LibraryFailure) in
      let properties = try Handle(.properties) { $0.H5Fget_create_plist(file.id) }
      var size: hsize_t = 0
      try Library.call { $0.H5Pget_userblock(properties.id, &size) }
      return size
    }
    writer.record(.file) { $0.put(UInt64(userBlock)) }
    let id = file.id
    let info = try objectInfo("/", in: id)
    let root = try guarded(.openObject) { () throws(LibraryFailure) in
      try Handle(.group) { $0.H5Gopen2(id, "/", CHDF5_default()) }
    }
    told.insert(info.address)
    try walkGroup(root, name: [], info: info)
  }

  private static func open(_ driver: hid_t) throws(LibraryFailure) -> Handle {
    let access = try Handle(.properties) { $0.H5Pcreate($0.fileAccess) }
    try Library.call { $0.H5Pset_driver(access.id, driver, nil) }
    try Library.call { $0.H5Pset_file_locking(access.id, false, true) }
    return try Handle(.file) { $0.H5Fopen("/", CHDF5_readOnly(), access.id) }
  }

  // MARK: Groups

  private mutating func walkGroup(
    _ group: borrowing Handle, name: [UInt8], info: CHDF5_object
  ) throws(WalkRefusal) {
    guard openGroups.count <= WalkLimit.depth else { throw refusal(.tooDeep) }
    openGroups.insert(info.address)
    writer.record(.groupBegin) {
      $0.put(bytes: name)
      $0.put(info.address)
    }
    try AttributeSurvey(path: path).tell(group.id, info: info, to: &writer)
    for link in try links(of: group.id) { try follow(link, in: group.id) }
    writer.record(.groupEnd)
    openGroups.remove(info.address)
  }

  private func links(of group: hid_t) throws(WalkRefusal) -> [LinkList.Link] {
    let list = try guarded(.listLinks) { () throws(LibraryFailure) in try LinkList(group: group) }
    guard !list.isCut else { throw refusal(.tooManyLinks) }
    return list.links
  }

  private mutating func follow(_ link: LinkList.Link, in group: hid_t) throws(WalkRefusal) {
    let length = path.count
    path.append(UInt8(ascii: "/"))
    path += link.name
    try judge(link)
    visit()
    let name = link.name.map { CChar(bitPattern: $0) } + [0]
    let info = try objectInfo(name, in: group)
    guard !openGroups.contains(info.address) else { throw refusal(.hardLinkCycle) }
    if told.contains(info.address) {
      writer.record(.hardLink) {
        $0.put(bytes: link.name)
        $0.put(info.address)
      }
    } else {
      told.insert(info.address)
      guard told.count <= WalkLimit.objects else { throw refusal(.tooManyObjects) }
      try tell(link.name, name, in: group, info: info)
    }
    path.removeSubrange(length...)
  }

  /// Refuses what is not a hard link under an acceptable name.
  private func judge(_ link: LinkList.Link) throws(WalkRefusal) {
    switch link.kind {
    case 0: break
    case 1: throw refusal(.softLink)
    case 64: throw refusal(.externalLink)
    default: throw refusal(.userDefinedLink, figure: UInt64(max(0, link.kind)))
    }
    do throws(NameFault) {
      _ = try ObjectName(bytes: link.name)
    } catch {
      throw refusal(.invalidName, name: link.name)
    }
  }

  // MARK: Telling

  private mutating func visit() {
    writer.record(.visiting) { [path] in $0.put(bytes: path) }
    writer.flush()
  }

  private mutating func tell(
    _ name: [UInt8], _ cName: [CChar], in parent: hid_t, info: CHDF5_object
  ) throws(WalkRefusal) {
    switch info.kind {
    case 0:
      let group = try guarded(.openObject) { () throws(LibraryFailure) in
        try Handle(.group) { $0.H5Gopen2(parent, cName, CHDF5_default()) }
      }
      try walkGroup(group, name: name, info: info)
    case 1: try tellDataset(name, cName, in: parent, info: info)
    default: tellFault(.committedDatatype, name: name, address: info.address)
    }
  }

  private mutating func tellDataset(
    _ name: [UInt8], _ cName: [CChar], in parent: hid_t, info: CHDF5_object
  ) throws(WalkRefusal) {
    var survey = DatasetSurvey()
    let dataset: Handle
    do throws(LibraryFailure) {
      dataset = try Handle(.dataset) { $0.H5Dopen2(parent, cName, CHDF5_default()) }
    } catch {
      return tellFault(.library, name: name, address: info.address, frames: error.frames)
    }
    do throws(LibraryFailure) {
      try survey.ask(dataset.id)
    } catch {
      survey.fault = .library
      survey.frames = error.frames
    }
    if let code = survey.refusal { throw refusal(code) }
    survey.tell(name: name, address: info.address, to: &writer)
    try AttributeSurvey(path: path).tell(dataset.id, info: info, to: &writer)
  }

  private mutating func tellFault(
    _ fault: DatasetFault, name: [UInt8], address: UInt64, frames: [LibraryFrame] = []
  ) {
    var survey = DatasetSurvey()
    survey.fault = fault
    survey.frames = frames
    survey.tell(name: name, address: address, to: &writer)
  }

  // MARK: Failing

  private func refusal(
    _ code: RefusalCode, name: [UInt8] = [], figure: UInt64 = 0, _ failure: LibraryFailure? = nil
  ) -> WalkRefusal {
    WalkRefusal(
      path: path, code: code, name: name, figure: figure, frames: failure?.frames ?? [])
  }

  private func objectInfo(
    _ name: UnsafePointer<CChar>, in group: hid_t
  ) throws(WalkRefusal) -> CHDF5_object {
    var info = CHDF5_object()
    try guarded(.openObject) { () throws(LibraryFailure) in
      _ = try Library.call { _ in CHDF5_objectInfo(group, name, &info) }
    }
    return info
  }

  private func guarded<Answer: ~Copyable>(
    _ step: LibraryStep, _ body: () throws(LibraryFailure) -> Answer
  ) throws(WalkRefusal) -> Answer {
    do throws(LibraryFailure) {
      return try body()
    } catch {
      throw refusal(.library, figure: UInt64(step.rawValue), error)
    }
  }
}
