import Discrepancy
import Interchange
import LayerKit
import Network
import Reports
import Tensors

/// The network of a case once more, with what differs by itself as the other side has it: what then
/// agrees was an echo.
///
/// In a run of a whole network rounding travels, so that no bound of a single layer holds. How far
/// it carries is measured: the corrected run is repeated with each tensor moved, up or down, by what
/// the reference lay off in that layer alone. See the page on verdicts, on trajectories.
struct CorrectedTrial {
  private let fixtureCase: FixtureCase
  private let facts: [LayerFacts]
  private let isolated: [Int: [TensorReport]]
  private let corrections: [Correction]

  /// How many times the spread of the disturbed runs a tensor may lie off, as in trajectories.
  private static let spreads = 8.0
  private static let draws: [UInt64] = [1, 2, 3]
  /// What is kept in memory of the corrected run, beside what each run keeps for itself.
  private static let keptBytes = 64 << 20

  init(_ fixtureCase: FixtureCase, _ facts: [LayerFacts], isolated: [Int: [TensorReport]]) {
    self.fixtureCase = fixtureCase
    self.facts = facts
    self.isolated = isolated
    corrections = isolated.sorted { $0.key < $1.key }.flatMap { node, reports in
      reports.compactMap { Correction($0, of: node, in: fixtureCase) }
    }
  }

  /// Runs the network again, and compares with the run that was not corrected.
  func run(
    beside first: ChainedFindings, _ progress: (String) throws -> Void
  ) throws -> CorrectionReport {
    guard !corrections.isEmpty else { return CorrectionReport(corrections: [], rows: []) }
    var values = try TensorStore<Double>()
    var (visited, means): ([Visited], [Int: CorrectionReport.Means]) = ([], [:])
    try chain(disturbance: nil, progress, means: &means) { node, tensor, computed in
      let side = side(node)
      guard let stored = side.stored(tensor), stored.shape.count == computed.count,
        let before = first.deviation(of: side.path(tensor), in: node)?.maxAbsolute,
        let reference = try ifReadable({ try stored.read(as: Double.self) })
      else { return }
      let after = Self.distance(computed.reshaped(to: reference.shape), reference)
      let size = reference.elements.reduce(0) { Self.larger($0, $1.magnitude) }
      let unit = (stored.format ?? .float64).unitRoundoff
      let own = report(side.path(tensor), node)
      try values.insert(
        computed, for: .init(node: node, index: visited.count), limit: Self.keptBytes)
      visited.append(
        Visited(
          node: node, tensor: tensor, path: side.path(tensor), before: before, after: after,
          rounding: max(
            4 * unit * size, own?.verdict == .agree ? own?.comparison?.maxBound ?? 0 : 0)))
    }
    for draw in Self.draws {
      var ignored: [Int: CorrectionReport.Means] = [:]
      try chain(disturbance: draw, progress, means: &ignored) { node, tensor, computed in
        guard let place = visited.firstIndex(where: { $0.node == node && $0.tensor == tensor }),
          let right = try values.tensor(for: .init(node: node, index: place))
        else { return }
        let isAlike = right.shape == computed.shape
        let spread = isAlike ? Self.distance(right, computed) : .infinity
        visited[place].spread = Self.larger(visited[place].spread, spread)
      }
    }
    return report(visited, means)
  }

  /// A tensor that the corrected run computed.
  private struct Visited {
    let node: Int
    let tensor: ResultTensor
    let path: String
    let before: Double
    let after: Double
    /// What its own rounding may leave.
    let rounding: Double
    var spread = 0.0

    /// How far it may lie off; not finite where rounding carries anywhere.
    var limit: Double { spreads * spread + rounding }
    /// NaN lies off.
    var wasOff: Bool { !(before <= limit) || !limit.isFinite }
    var isOff: Bool { !(after <= limit) || !limit.isFinite }
  }

  // MARK: Running

  private func chain(
    disturbance: UInt64?, _ progress: (String) throws -> Void,
    means: inout [Int: CorrectionReport.Means],
    _ visit: (Int, ResultTensor, Tensor<Double>) throws -> Void
  ) throws {
    var found: [Int: CorrectionReport.Means] = [:]
    var tensors: UInt64 = 0
    try withoutActuallyEscaping(progress) { progress in
      var run = try ChainedRun(fixtureCase.network, supply: FixtureSupply(fixtureCase))
      run.substitution = { application, tensor, computed in
        try progress("corrected: \(facts[application.node].name)")
        var values = computed
        if let position = corrections.firstIndex(where: {
          $0.node == application.node && $0.tensor == tensor
        }) {
          let corrected = try corrections[position].apply(application, computed)
          (values, found[position]) = (corrected.values, corrected.means)
        }
        tensors += 1
        guard let disturbance else { return values }
        let pattern = disturbance << 56 ^ tensors << 40
        return disturbed(values, tensor, of: application.node, pattern)
      }
      try run.run { try visit($0, $1, $2) }
    }
    means = found
  }

  /// Each element moved by what the reference lay off in this tensor alone, up or down as a hash of
  /// its place says; by half a unit in the last place where that is not known.
  private func disturbed(
    _ values: Tensor<Double>, _ tensor: ResultTensor, of node: Int, _ pattern: UInt64
  ) -> Tensor<Double> {
    let side = side(node)
    let own = report(side.path(tensor), node)
    let unit = (side.stored(tensor)?.format ?? .float64).unitRoundoff
    let isKnown = own?.verdict == .agree || own?.verdict == .warn
    let error = isKnown ? own?.comparison?.maxAbsolute : nil
    return Tensor(
      values.shape,
      values.elements.enumerated().map { place, value in
        // Fibonacci hashing.
        let isUp = ((pattern ^ UInt64(place)) &* 0x9E37_79B9_7F4A_7C15) >> 63 == 1
        let distance = error ?? unit * value.magnitude
        return isUp ? value + distance : value - distance
      })
  }

  private func side(_ node: Int) -> ReferenceSide {
    let layer = fixtureCase.layers[node]
    return ReferenceSide(tree: layer.reference, isTwin: false, layer, isLoss: false)
  }

  private func report(_ path: String, _ node: Int) -> TensorReport? {
    isolated[node]?.first { $0.path == path && $0.reference == "reference" }
  }

  // MARK: Telling

  private func report(
    _ visited: [Visited], _ means: [Int: CorrectionReport.Means]
  ) -> CorrectionReport {
    let applied = corrections.enumerated().map { position, correction in
      let own = visited.first { $0.node == correction.node && $0.tensor == correction.tensor }
      return CorrectionReport.Applied(
        layer: facts[correction.node], path: correction.path, cause: correction.cause,
        means: means[position] ?? .none, agrees: own.map { !$0.isOff })
    }
    let flow = DataFlow(fixtureCase)
    let rows = visited.compactMap { row -> CorrectionReport.Row? in
      let isOwn = corrections.contains { $0.node == row.node && $0.tensor == row.tensor }
      guard !isOwn, row.wasOff || row.isOff else { return nil }
      let reaching = corrections.indices.filter { position in
        guard let tensor = corrections[position].tensor, means[position] ?? .none != .none else {
          return false
        }
        return flow.reaches(row.tensor, of: row.node, from: tensor, of: corrections[position].node)
      }
      return CorrectionReport.Row(
        layer: facts[row.node], path: row.path, before: row.before, after: row.after,
        limit: row.limit, explainedBy: row.isOff ? [] : reaching)
    }
    return CorrectionReport(corrections: applied, rows: rows)
  }

  private static func distance(_ a: Tensor<Double>, _ b: Tensor<Double>) -> Double {
    a.zip(b) { ($0 - $1).magnitude }.elements.reduce(0, larger)
  }

  /// The larger of two distances; infinite if one is none.
  private static func larger(_ a: Double, _ b: Double) -> Double {
    a.isNaN || b.isNaN ? .infinity : max(a, b)
  }
}

/// Which tensors of a network are computed from which.
private struct DataFlow {
  /// The layers that each layer is computed from, itself included.
  private var before: [Set<Int>] = []

  init(_ fixtureCase: FixtureCase) {
    // Layers stand in topological order.
    for (position, layer) in fixtureCase.layers.enumerated() {
      var sources: Set<Int> = [position]
      for case .layerOutput(let producer, _) in layer.connections ?? [] where producer < position {
        sources.formUnion(before[producer])
      }
      before.append(sources)
    }
  }

  /// Whether a tensor depends on another one.
  ///
  /// A gradient passes through all layers that are computed from its own, and each of them may need
  /// everything that it was computed from.
  func reaches(
    _ tensor: ResultTensor, of node: Int, from origin: ResultTensor, of source: Int
  ) -> Bool {
    let after = before.indices.filter { before[$0].contains(node) }
    switch (origin, tensor) {
    case (.output, .output), (.output, .buffer): return before[node].contains(source)
    case (.output, _): return after.contains { before[$0].contains(source) }
    case (.inputGradient, .inputGradient), (.inputGradient, .parameterGradient):
      return source != node && after.contains(source)
    default: return false
    }
  }
}
