import Discrepancy
public import HDF5File
public import Reports

/// Compares the datasets of two files, one after the other, telling a sink what is found.
///
/// Datasets are paired by their paths. Each group is a row of the report; a dataset that only one
/// file has is listed and was not compared.
public struct FileComparison {
  private let a: HDF5File
  private let b: HDF5File
  private let options: ComparisonOptions
  private var groups: [GroupPairs] = []
  /// The sentences about entries of the name map that fit nothing.
  public private(set) var problems: [String] = []

  /// The datasets of one group.
  private struct GroupPairs {
    let name: String
    var pairs: [Pair] = []
  }

  private enum Pair {
    case both(DatasetList.Entry, DatasetList.Entry)
    case onlyInA(DatasetList.Entry)
    case onlyInB(DatasetList.Entry)
  }

  /// Pairs the datasets of two open files.
  public init(_ a: HDF5File, _ b: HDF5File, options: ComparisonOptions) {
    self.a = a
    self.b = b
    self.options = options
    pair()
  }

  /// Whether neither file has a dataset that is to be compared.
  public var isEmpty: Bool { groups.isEmpty }

  // MARK: Pairing

  private mutating func pair() {
    let selection = options.selection
    let first = DatasetList(a) { selection.contains($0) }
    // What the first file calls differently was selected by that name.
    let second = DatasetList(b) { _ in true }
    var unusedEntries = Set(options.names.entries.indices)
    var met: Set<Int> = []
    var places: [[UInt8]: Int] = [:]
    func add(_ pair: Pair, to group: String) {
      let key = Array(group.utf8)
      if places[key] == nil {
        places[key] = groups.count
        groups.append(GroupPairs(name: group))
      }
      if let place = places[key] { groups[place].pairs.append(pair) }
    }
    for entry in DatasetList(a, where: { _ in true }).entries {
      let (path, rule) = options.names.renamed(entry.path)
      if let rule { unusedEntries.remove(rule) }
      let partner = second[path]
      if let partner { met.insert(partner) }
      guard first[entry.path] != nil else { continue }
      add(
        partner.map { .both(entry, second.entries[$0]) } ?? .onlyInA(entry), to: entry.group)
    }
    for (index, entry) in second.entries.enumerated()
    where !met.contains(index) && selection.contains(entry.path) {
      add(.onlyInB(entry), to: entry.group)
    }
    problems = options.names.problems(of: unusedEntries, in: a.path)
  }

  // MARK: Comparing

  /// Compares each pair and reports each group, in the order of the first file.
  ///
  /// Throws only what stops the work as a whole: a sink that cannot be written.
  public func run(_ report: (Event) throws -> Void) throws {
    let facts = groups.map { self.facts(of: $0.name) }
    guard !groups.isEmpty else { return }
    try report(.caseBegan(name: nil, layers: facts))
    let memory = MemoryPool()
    for (group, facts) in zip(groups, facts) {
      var tensors: [TensorReport] = []
      for pair in group.pairs {
        switch pair {
        case .both(let first, let second):
          try report(.progress(first.path))
          tensors.append(
            DatasetComparison(first.name, (a, first.dataset), (b, second.dataset), options, memory)
              .run())
        case .onlyInA(let entry): tensors.append(Self.missing(entry, "B"))
        case .onlyInB(let entry): tensors.append(Self.missing(entry, "A"))
        }
      }
      try report(
        .layer(LayerReport(layer: facts, verdict: tensors.verdict, tensors: tensors, chained: [])))
    }
  }

  private static func missing(_ entry: DatasetList.Entry, _ file: String) -> TensorReport {
    TensorReport(
      path: entry.name, reference: "B", verdict: .notCompared, reason: .missing(from: file))
  }

  private func facts(of group: String) -> LayerFacts {
    LayerFacts(
      fixture: a.path, caseName: nil, name: group.isEmpty ? "/" : group, kind: LayerFacts.group,
      source: nil, expectedFailure: nil)
  }
}
