// GraphReader.swift

import HDF5File

/// Resolves what layers say of one another: what feeds them, whose parameters they use.
struct GraphReader {
  /// The layers in file order; what is found goes into them.
  var drafts: [LayerDraft]
  /// The names of the case.
  var names: NameIndex

  /// What feeds each layer, with positions in the order of the file; nil where that is unknown.
  private(set) var sources: [[Source?]] = []

  /// Where an input comes from.
  enum Source {
    case input(String)
    /// `isChosen` tells whether the output was written down.
    case output(layer: Int, output: Int, isChosen: Bool)
  }

  init(drafts: [LayerDraft], names: NameIndex) {
    self.drafts = drafts
    self.names = names
  }

  // MARK: Connections

  /// Resolves all `inputs` and returns the layers in topological order, circles reported.
  mutating func order() -> [Int] {
    sources = []
    for position in drafts.indices {
      var resolved: [Source?] = []
      for text in drafts[position].sources ?? [] { resolved.append(source(text, of: position)) }
      sources.append(resolved)
    }
    let producers = sources.map { sources in
      sources.compactMap { source -> Int? in
        if case .output(let layer, _, _) = source { layer } else { nil }
      }
    }
    let graph = GraphOrder(producers: producers, rank: rank())
    for cycle in graph.cycles {
      // The circle is told once, beginning with the layer that stands first in the file.
      let first = cycle.indices.min { cycle[$0] < cycle[$1] } ?? 0
      let turned = cycle[first...] + cycle[..<first]
      if let start = turned.first {
        drafts[start].report(.cycle(turned.map { drafts[$0].layer.name }))
      }
    }
    return graph.order
  }

  /// The place of each layer when sorted by its `index`, then by its place in the file.
  private func rank() -> [Int] {
    let sorted = drafts.indices.sorted {
      let (a, b) = (drafts[$0].layer.index ?? .max, drafts[$1].layer.index ?? .max)
      return (a, $0) < (b, $1)
    }
    var rank = [Int](repeating: 0, count: drafts.count)
    for (place, position) in sorted.enumerated() { rank[position] = place }
    return rank
  }

  private mutating func source(_ text: String, of position: Int) -> Source? {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    switch names[text] ?? (parts.count == 2 ? names[parts[0]] : nil) {
    case .input where parts.count == 1: return .input(text)
    case .layer(let layer) where parts.count == 1:
      return .output(layer: layer, output: 0, isChosen: false)
    case .layer(let layer):
      if let output = TensorName.index(parts[1]) {
        return .output(layer: layer, output: output, isChosen: true)
      }
    case .ignored where parts.count == 1:
      drafts[position].report(.ignoredSource(text))
      return nil
    default: break
    }
    let closest = names.closestSource(to: parts.first.map { String($0) } ?? text)
    drafts[position].report(.unknownSource(text, closest: closest))
    return nil
  }

  // MARK: Shared parameters

  /// Gives the parameters of their holders to the layers that share them by name.
  mutating func shareParameters() {
    let own = drafts.map(\.layer.parameters)
    for position in drafts.indices {
      guard let name = drafts[position].holder else { continue }
      guard let holder = names.layer(name) else {
        let closest = names.closestLayer(to: name)
        drafts[position].report(.unknownHolder(name, closest: closest))
        continue
      }
      if let problem = problem(of: position, sharing: holder) {
        drafts[position].report(problem)
        continue
      }
      drafts[position].layer.parameters = own[holder]
      drafts[position].layer.parameterHolder = holder
      drafts[position].declared.formUnion(drafts[holder].declaredParameters)
      let folder = drafts[holder].path.string + "/parameters/"
      drafts[position].findings.unavailable += drafts[holder].findings.unavailable.filter {
        $0.path.hasPrefix(folder)
      }
    }
  }

  private func problem(of position: Int, sharing holder: Int) -> FixtureReason? {
    let name = drafts[holder].layer.name
    if holder == position { return .sharesWithItself }
    if let third = drafts[holder].holder { return .holderShares(holder: name, with: third) }
    if !drafts[position].declaredParameters.isEmpty {
      return .parametersBesideSharing(holder: name)
    }
    // What is wrong with the holder's own parameters is told there.
    let isBlank = drafts[holder].declaredParameters.isEmpty
    return isBlank ? .holderWithoutParameters(name) : nil
  }
}

extension LayerDraft {
  /// The parameters that stand with the layer itself, readable or not.
  var declaredParameters: Set<String> { declared.filter { $0.hasPrefix("parameters/") } }
}
