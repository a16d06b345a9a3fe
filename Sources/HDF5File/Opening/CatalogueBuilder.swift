// CatalogueBuilder.swift

import Text

/// Makes the catalogue of what was parsed: validates datasets, resolves hard links, and refuses
/// files in which two objects claim the same bytes.
struct CatalogueBuilder {
  private let bounds: StorageBounds
  private var built: [UInt64: Built] = [:]
  private var datasets: [Dataset] = []

  private enum Built {
    /// With the number of objects below it, links followed, and its height.
    case group(Group, count: Int, height: Int)
    case dataset(Dataset)
  }

  init(bounds: StorageBounds) {
    self.bounds = bounds
  }

  /// The root, and the bytes that all readable datasets declare.
  mutating func build(
    _ root: ParsedGroup, reserved: Int
  ) throws(PlacedProblem) -> (root: Group, declared: Int) {
    let (group, _, _) = try build(root, depth: 0)
    try ExtentMap(datasets).judge(reserved: reserved)
    let declared = datasets.reduce(0) { total, dataset in
      guard let size = dataset.storedWidth else { return total }
      let sum = total.addingReportingOverflow(dataset.count * size)
      return sum.overflow ? .max : sum.partialValue
    }
    return (group, declared)
  }

  private mutating func build(
    _ parsed: ParsedGroup, depth: Int
  ) throws(PlacedProblem) -> (Group, count: Int, height: Int) {
    var groups: [(name: ObjectName, group: Group)] = []
    var members: [(name: ObjectName, dataset: Dataset)] = []
    var count = 1
    var height = 0
    for (name, member) in parsed.members {
      let object: Built
      switch member {
      case .group(let position):
        let child = parsed.groups[position]
        let (group, below, levels) = try build(child, depth: depth + 1)
        object = .group(group, count: below, height: levels)
        built[child.objectID] = object
      case .dataset(let position):
        let child = parsed.datasets[position]
        let dataset = child.validated(bounds)
        datasets.append(dataset)
        object = .dataset(dataset)
        built[child.objectID] = object
      case .hardLink(let objectID):
        // The parser admits links to what was told before and is not open, hence is built.
        guard let known = built[objectID] else { continue }
        object = known
      }
      switch object {
      case .group(let group, let below, let levels):
        groups.append((name, group))
        count += below
        height = max(height, levels + 1)
      case .dataset(let dataset):
        members.append((name, dataset))
        count += 1
      }
      // Groups that are linked many times multiply what a walk of the tree would visit.
      guard count <= WalkLimit.objects + 1 else {
        throw PlacedProblem(parsed.path, .tooManyObjects(limit: WalkLimit.objects))
      }
      guard depth + height <= WalkLimit.depth else {
        throw PlacedProblem(parsed.path, .tooDeep(limit: WalkLimit.depth))
      }
    }
    let group = Group(
      path: parsed.path, objectID: parsed.objectID, attributes: parsed.attributes,
      groups: groups, datasets: members)
    return (group, count, height)
  }
}

/// A problem of the file that is seen at one object.
struct PlacedProblem: Error {
  let path: ObjectPath
  let problem: HDF5Problem

  init(_ path: ObjectPath, _ reason: HDF5Reason) {
    self.path = path
    problem = HDF5Problem(reason)
  }
}

/// The bytes of all datasets in the order of the file.
struct ExtentMap {
  private var extents: [(offset: Int, size: Int, dataset: Int)] = []
  private let datasets: [Dataset]

  init(_ datasets: [Dataset]) {
    self.datasets = datasets
    for (index, dataset) in datasets.enumerated() {
      guard let width = dataset.storedWidth else { continue }
      switch dataset.storage {
      case .none, .compact: continue
      case .contiguous(let offset):
        extents.append((offset, dataset.count * width, index))
      case .chunked(let grid):
        for chunk in grid.chunks { extents.append((chunk.offset, chunk.size, index)) }
      }
    }
    extents.sort { ($0.offset, $0.size) < ($1.offset, $1.size) }
  }

  /// Fails if two extents meet, or one meets the `reserved` bytes at the beginning of the file.
  func judge(reserved: Int) throws(PlacedProblem) {
    var previous: (offset: Int, size: Int, dataset: Int)?
    for extent in extents {
      let path = datasets[extent.dataset].path
      guard extent.offset >= reserved else {
        throw PlacedProblem(path, .overSuperblock(offset: extent.offset))
      }
      if let previous, previous.offset + previous.size > extent.offset {
        throw PlacedProblem(
          path, .overlap(with: datasets[previous.dataset].path, offset: extent.offset))
      }
      previous = extent
    }
  }
}
