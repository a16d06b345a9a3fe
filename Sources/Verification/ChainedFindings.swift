import Discrepancy
import Reports

/// How far the tensors of the chained run lie from the reference.
struct ChainedFindings {
  private var deviations: [Int: [(path: String, deviation: Deviation)]] = [:]
  /// The layers that feed each layer.
  var sources: [[Int]] = []
  /// The names of the layers.
  var names: [String] = []

  mutating func insert(_ deviation: Deviation, for path: String, of layer: Int) {
    deviations[layer, default: []].append((path, deviation))
  }

  /// The closest layer among those whose own outputs differ that this one is computed from.
  func origin(of layer: Int, among differing: Set<Int>) -> String? {
    guard sources.indices.contains(layer) else { return nil }
    var seen: Set<Int> = []
    var pending = sources[layer]
    while !pending.isEmpty {
      let next = pending.removeFirst()
      guard seen.insert(next).inserted else { continue }
      if differing.contains(next) { return names[next] }
      pending += sources[next]
    }
    return nil
  }

  /// The chained run's rows of one layer beside its isolated verdicts.
  ///
  /// A difference within the largest bound of the isolated run is rounding of this layer alone.
  /// A larger one came in with the inputs, if fed the reference's own inputs the layer agrees.
  func reports(
    of layer: Int, beside isolated: [TensorReport], origin: String?
  ) -> [ChainedReport] {
    (deviations[layer] ?? []).map { path, deviation in
      let own = isolated.first { $0.path == path && $0.reference == "reference" }
      let verdict = verdict(of: deviation, beside: own)
      return ChainedReport(
        path: path, verdict: verdict, deviation: deviation,
        origin: verdict == .inherited ? origin : nil)
    }
  }

  private func verdict(of deviation: Deviation, beside own: TensorReport?) -> Verdict {
    guard let own, let found = own.comparison else { return .notCompared }
    if own.verdict.isFailure || own.verdict == .expected { return own.verdict }
    return deviation.maxAbsolute <= found.maxBound ? .agree : .inherited
  }
}
