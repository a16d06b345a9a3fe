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

  /// How far a tensor lies off; nil where it was not computed.
  func deviation(of path: String, in layer: Int) -> Deviation? {
    deviations[layer]?.first { $0.path == path }?.deviation
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
  /// A larger one came in from outside, if fed the reference's own inputs the layer agrees. A
  /// gradient may have received it from behind instead; the layers before are named as its origin
  /// only where an output of this layer shows that it came from them.
  func reports(
    of layer: Int, beside isolated: [TensorReport], origin: String?
  ) -> [ChainedReport] {
    let rows = (deviations[layer] ?? []).map { path, deviation in
      let own = isolated.first { $0.path == path && $0.reference == "reference" }
      return ChainedReport(
        path: path, verdict: verdict(of: deviation, beside: own), deviation: deviation,
        origin: nil)
    }
    let inputsDiffer = rows.contains { $0.path.hasPrefix("output") && $0.verdict == .inherited }
    return rows.map { row in
      var row = row
      if row.verdict == .inherited && inputsDiffer { row.origin = origin }
      return row
    }
  }

  private func verdict(of deviation: Deviation, beside own: TensorReport?) -> Verdict {
    guard let own, let found = own.comparison else { return .notCompared }
    if own.verdict.isFailure || own.verdict == .expected { return own.verdict }
    if own.verdict == .vacuous && deviation.maxAbsolute == 0 { return .vacuous }
    return deviation.maxAbsolute <= found.maxBound ? .agree : .inherited
  }
}
