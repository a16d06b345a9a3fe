// LinkList.swift

internal import CHDF5

/// The links of one group, collected before any is followed.
struct LinkList {
  /// A name and the class of the link: 0 hard, 1 soft, 64 external, others user-defined.
  struct Link {
    let name: [UInt8]
    let kind: Int
  }

  private(set) var links: [Link] = []
  /// Whether there were more than the limit.
  private(set) var isCut = false

  /// Lists a group in order of creation where the file has an index of it, otherwise by name.
  init(group: hid_t) throws(LibraryFailure) {
    var order: UInt32 = 0
    let properties = try Handle(.properties) { $0.H5Gget_create_plist(group) }
    let creation = properties.id
    try Library.call { $0.H5Pget_link_creation_order(creation, &order) }
    let byCreation = order & UInt32(H5P_CRT_ORDER_INDEXED) != 0
    let status = try withUnsafeMutablePointer(to: &self) { list throws(LibraryFailure) in
      try Library.call { _ in
        CHDF5_iterateLinks(
          group, byCreation,
          { name, kind, context in
            guard let context else { return 1 }
            let list = context.assumingMemoryBound(to: LinkList.self)
            return list.pointee.add(CString.bytes(name, limit: 4096), kind: Int(kind))
          }, list)
      }
    }
    isCut = status > 0
  }

  private mutating func add(_ name: [UInt8], kind: Int) -> Int32 {
    guard links.count < WalkLimit.links else { return 1 }
    links.append(Link(name: name, kind: kind))
    return 0
  }
}
