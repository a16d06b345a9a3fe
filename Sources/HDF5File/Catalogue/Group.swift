// Group.swift

/// A named collection of groups and datasets.
public struct Group: Sendable {
  /// The path by which it was met first.
  public let path: ObjectPath
  /// Equal for two hard links to one object.
  public let objectID: UInt64
  /// Its attributes, in order of their names.
  public let attributes: [Attribute]
  /// Its subgroups, in the order of the file: by name, or by creation where that is recorded.
  public let groups: [(name: ObjectName, group: Group)]
  /// Its datasets, in the order of the file.
  public let datasets: [(name: ObjectName, dataset: Dataset)]
  private let index: [ObjectName: Member]

  private enum Member {
    case group(Int)
    case dataset(Int)
  }

  package init(
    path: ObjectPath, objectID: UInt64, attributes: [Attribute],
    groups: [(name: ObjectName, group: Group)],
    datasets: [(name: ObjectName, dataset: Dataset)]
  ) {
    self.path = path
    self.objectID = objectID
    self.attributes = attributes
    self.groups = groups
    self.datasets = datasets
    var index: [ObjectName: Member] = [:]
    for (position, entry) in groups.enumerated() { index[entry.name] = .group(position) }
    for (position, entry) in datasets.enumerated() { index[entry.name] = .dataset(position) }
    self.index = index
  }

  /// The last component of the path; empty bytes for the root.
  public var name: ObjectName { path.names.last ?? .root }

  /// The subgroup at a path of names below this group: `"layers/conv1"`.
  public func group(_ path: String) -> Group? {
    var current = self
    for component in path.utf8.split(separator: UInt8(ascii: "/")) {
      guard let name = try? ObjectName(bytes: Array(component)), let next = current[group: name]
      else { return nil }
      current = next
    }
    return current
  }

  /// The dataset at a path of names below this group: `"parameters/weight"`.
  public func dataset(_ path: String) -> Dataset? {
    let components = path.utf8.split(separator: UInt8(ascii: "/"))
    guard let last = components.last, let name = try? ObjectName(bytes: Array(last)) else {
      return nil
    }
    var current = self
    for component in components.dropLast() {
      guard let name = try? ObjectName(bytes: Array(component)), let next = current[group: name]
      else { return nil }
      current = next
    }
    return current[dataset: name]
  }

  /// The attribute of a name.
  public func attribute(_ name: String) -> AttributeValue? {
    attributes.first { $0.name == name }?.value
  }

  /// The subgroup that a link of this name leads to.
  public subscript(group name: ObjectName) -> Group? {
    if case .group(let position) = index[name] { groups[position].group } else { nil }
  }

  /// The dataset that a link of this name leads to.
  public subscript(dataset name: ObjectName) -> Dataset? {
    if case .dataset(let position) = index[name] { datasets[position].dataset } else { nil }
  }
}

/// Everything in a file but the numbers.
public struct Catalogue: Sendable {
  /// The group `/`.
  public let root: Group
  /// Bytes before the superblock; offsets of the catalogue count them.
  public let userBlockSize: Int
}
