import Discrepancy
import LayerKit
import Tensors

/// Decides whether a prediction explains the suspect.
///
/// It does where no element of the suspect lies further from it than rounding can move the wrong
/// computation's own result, and where it lies visibly off the right result: a mistake that changes
/// nothing explains nothing. Most predictions are refuted by a few elements.
struct Proof {
  let evidence: Evidence
  private let formats: ComparisonFormats
  /// The limit of each element of the right result.
  let limits: Tensor<Double>
  /// Elements on which a rearrangement is tried first.
  private let samples: [Int]
  /// The root mean square of the suspect.
  private let scale: Double

  /// How many bounds a mistake must move some element to count as visible.
  static let visibleEffect = 30.0
  /// What part of the root mean square error may be left where shortened numbers are the cause.
  static let remainingError = 0.125
  /// A prediction whose error at some element is this part of its largest element is not computed
  /// more exactly: no bound that is so wide could prove anything.
  private static let hopeless = 0.25
  /// How many elements a fitted number needs.
  static let leastElements = 4

  /// A prediction that agrees with the suspect.
  struct Finding {
    /// The largest error that is left, in bounds.
    let residual: Double
    /// How far the prediction lies off the right result, in bounds.
    let effect: Double
    /// The factor of the prediction; nil for none.
    var factor: Double?
  }

  /// What became of a prediction.
  enum Outcome {
    case proven(Finding)
    /// How much of the error remains after the correction, as a part of it; nil where unknown.
    case refuted(remaining: Double?)
  }

  init(_ evidence: Evidence, tolerance: Tolerance) {
    self.evidence = evidence
    formats = tolerance.formats
    limits = tolerance.limits(of: evidence.computed)
    samples = Self.samples(of: evidence)
    let squares = evidence.suspect.elements.reduce(0) { $0 + $1 * $1 }
    scale = (squares / Double(max(1, evidence.suspect.count))).squareRoot()
  }

  /// 64 places spread irregularly over the suspect, the same ones each time.
  private static func samples(of evidence: Evidence) -> [Int] {
    let count = evidence.suspect.count
    guard count > 64 else { return Array(0..<count) }
    var state: UInt64 = 0x9E37_79B9_7F4A_7C15
    return (0..<64).map { stratum in
      // Knuth's multiplicative generator, one draw within each of 64 equal parts.
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let (first, end) = (stratum * count / 64, (stratum + 1) * count / 64)
      return first + Int(truncatingIfNeeded: state >> 33) % (end - first)
    }
  }

  /// How far a prediction lies off the right result, in bounds; nil where that cannot be said.
  func effect(of prediction: Prediction) -> Double? {
    guard prediction.shape == evidence.computed.shape else { return .infinity }
    return largestRatio(prediction.values, evidence.computed, limits)?.all
  }

  /// Whether some element of the suspect is off the right result by more than its limit.
  var differs: Bool {
    let (suspect, computed) = (evidence.suspect, evidence.computed)
    guard suspect.shape == computed.shape else { return true }
    return suspect.elements.indices.contains { place in
      !((suspect[place] - computed[place]).magnitude <= limits[place])
    }
  }

  // MARK: Examination

  /// Holds a prediction against the suspect, and where `scales` also its multiples.
  func examine(_ prediction: Prediction, scales: Bool = false) -> Outcome {
    let suspect = evidence.suspect
    guard prediction.shape == suspect.shape, suspect.count > 0 else {
      return .refuted(remaining: nil)
    }
    if prediction.fitted > 0, suspect.count < Self.leastElements { return .refuted(remaining: nil) }
    var hope = Hope(exact: true, scaled: scales && canScale(prediction))
    var remaining: Double?
    if case .rearranged(let rearrangement, let factor) = prediction.margin {
      let part = samples.map { place in
        let source = rearrangement.source(of: place)
        return source == Rearrangement.zero ? 0 : factor * evidence.computed[source]
      }
      remaining = narrow(&hope, samples, part)
    } else if let probe = prediction.probe {
      remaining = narrow(&hope, Array(probe.range), probe.values())
    }
    guard hope.isAny else { return .refuted(remaining: remaining) }
    let values = prediction.values
    guard values.shape == suspect.shape else { return .refuted(remaining: nil) }
    remaining = narrow(&hope, nil, values.elements)
    guard hope.isAny else { return .refuted(remaining: remaining) }
    let limits = limits(of: prediction, values)
    if hope.exact, let finding = finding(values, limits, prediction) { return .proven(finding) }
    if hope.scaled, let finding = scaledFinding(values, limits) { return .proven(finding) }
    return .refuted(remaining: remaining)
  }

  /// What a prediction may still turn out to be.
  private struct Hope {
    var exact: Bool
    var scaled: Bool
    var isAny: Bool { exact || scaled }
  }

  /// Only gradients carry wrong factors, and a factor of nothing is the factor alone.
  private func canScale(_ prediction: Prediction) -> Bool {
    if case .rearranged(let rearrangement, _) = prediction.margin, rearrangement.isIdentity {
      return false
    }
    return evidence.tensor.isGradient && prediction.fitted == 0
      && prediction.shape == evidence.computed.shape && evidence.suspect.count >= Self.leastElements
  }

  /// Gives hope up where some predicted elements lie far off; returns how much of the error is left.
  private func narrow(_ hope: inout Hope, _ places: [Int]?, _ part: [Double]) -> Double? {
    let (suspect, computed) = (evidence.suspect, evidence.computed)
    let isComparable = suspect.shape == computed.shape
    var (largest, worst, before, after) = (0.0, 0.0, 0.0, 0.0)
    var (mixed, squares, suspects) = (0.0, 0.0, 0.0)
    for i in part.indices {
      let place = places?[i] ?? i
      let (s, p) = (suspect[place], part[i])
      let error = (s - p).magnitude
      guard error.isFinite else {
        hope = Hope(exact: false, scaled: false)
        return nil
      }
      largest = max(largest, p.magnitude)
      worst = max(worst, error)
      after += error * error
      if isComparable { before += (s - computed[place]) * (s - computed[place]) }
      mixed += s * p
      squares += p * p
      suspects += s * s
    }
    if !(worst <= Self.hopeless * max(largest, scale)) { hope.exact = false }
    // |s − cp|² = |s|² − ⟨s,p⟩²/|p|² for the best c.
    let rest = suspects - (squares > 0 ? mixed * mixed / squares : 0)
    if !(rest <= 1e-3 * suspects) || squares == 0 { hope.scaled = false }
    return before > 0 ? (after / before).squareRoot() : nil
  }

  // MARK: Bounds

  private func finding(
    _ values: Tensor<Double>, _ limits: Tensor<Double>, _ prediction: Prediction,
    factor: Double? = nil
  ) -> Finding? {
    guard let residual = largestRatio(evidence.suspect, values, limits)?.all, residual <= 1,
      boundsMost(limits)
    else { return nil }
    guard values.shape == evidence.computed.shape else {
      return Finding(residual: residual, effect: .infinity, factor: factor)
    }
    guard let effect = effect(values) else { return nil }
    switch prediction.visibility {
    case .clear: guard effect.all >= Self.visibleEffect else { return nil }
    case .form: guard effect.all > 1 else { return nil }
    case .fine: guard effect.all > 1, remainsLittle(values) else { return nil }
    }
    return Finding(residual: residual, effect: effect.told, factor: factor)
  }

  /// A multiple c·P of a prediction that is visible itself, c a known factor or fitted by least squares.
  private func scaledFinding(_ values: Tensor<Double>, _ limits: Tensor<Double>) -> Finding? {
    guard let own = effect(values), own.all >= Self.visibleEffect
    else { return nil }
    var (mixed, squares) = (0.0, 0.0)
    for i in 0..<values.count {
      mixed += evidence.suspect[i] * values[i]
      squares += values[i] * values[i]
    }
    let fitted = mixed / squares
    guard fitted.isFinite, fitted != 0 else { return nil }
    let known = knownFactors.filter { (fitted - $0).magnitude <= 1e-2 * $0.magnitude }
    let unit = formats.reference.unitRoundoff
    for factor in known + [fitted] {
      let scaled = values.map { $0 * factor }
      let wide = limits.zip(scaled) { $0 * factor.magnitude + unit * $1.magnitude }
      guard boundsMost(wide), let residual = largestRatio(evidence.suspect, scaled, wide)?.all,
        residual <= 1,
        let effect = effect(scaled),
        effect.all >= Self.visibleEffect
      else { continue }
      return Finding(residual: residual, effect: effect.told, factor: factor)
    }
    return nil
  }

  /// −1, 2, N and 1/N, which are tried before any number is fitted.
  private var knownFactors: [Double] {
    let batch = Double(evidence.batch ?? 1)
    return [-1, 2] + (batch > 1 ? [batch, 1 / batch] : [])
  }

  /// How far rounding may move each predicted element.
  private func limits(of prediction: Prediction, _ values: Tensor<Double>) -> Tensor<Double> {
    let unit = formats.reference.unitRoundoff
    switch prediction.margin {
    case .rearranged(let rearrangement, let factor):
      let moved = rearrangement.apply(to: limits)
      return moved.zip(values) { $0 * factor.magnitude + unit * $1.magnitude }
    case .likeComputed:
      guard limits.shape == values.shape else { return Tensor(values.shape, repeating: 0) }
      let own = unit + formats.ours.unitRoundoff
      return limits.zip(values) { $0 + own * $1.magnitude }
    case .own(let bound):
      return Tolerance(bound(), formats).limits(of: values)
    }
  }

  /// The largest |a − b| / limit; nil where something is not finite, so that nothing is proven.
  ///
  /// An element without a bound proves nothing and refutes nothing.
  private func largestRatio(
    _ a: Tensor<Double>, _ b: Tensor<Double>, _ limits: Tensor<Double>
  ) -> Ratio? {
    var (all, finite) = (0.0, 0.0)
    for i in 0..<a.count {
      let error = (a[i] - b[i]).magnitude
      guard error.isFinite, !limits[i].isNaN else { return nil }
      guard error > 0, limits[i] < .infinity else { continue }
      let ratio = error / limits[i]
      all = max(all, ratio)
      if ratio < .infinity { finite = max(finite, ratio) }
    }
    return Ratio(all: all, finite: finite)
  }

  /// How far a prediction lies off the right result, in limits that are never less than a rounding.
  private func effect(_ values: Tensor<Double>) -> Ratio? {
    let unit = formats.reference.unitRoundoff
    let floor = limits.zip(evidence.computed) { max($0, unit * $1.magnitude) }
    return largestRatio(values, evidence.computed, floor)
  }

  /// Whether most of the wrong elements have a bound: with one that has none anything agrees.
  private func boundsMost(_ limits: Tensor<Double>) -> Bool {
    let (suspect, computed) = (evidence.suspect, evidence.computed)
    let isComparable = limits.shape == computed.shape && suspect.shape == computed.shape
    var (wrong, bounded) = (0, 0)
    for i in 0..<limits.count {
      if isComparable, (suspect[i] - computed[i]).magnitude <= self.limits[i] { continue }
      wrong += 1
      if limits[i] < .infinity { bounded += 1 }
    }
    return wrong == 0 || 2 * bounded > wrong
  }

  /// The largest error in bounds: of all elements, and of those that have a bound above zero.
  private struct Ratio {
    let all: Double
    let finite: Double
    /// The figure for the report: infinity says little.
    var told: Double { finite >= Proof.visibleEffect ? finite : all }
  }

  /// Whether the correction takes away nearly all of the error.
  private func remainsLittle(_ values: Tensor<Double>) -> Bool {
    guard values.count >= Self.leastElements else { return false }
    var (before, after) = (0.0, 0.0)
    for i in 0..<values.count {
      let (own, left) = (
        evidence.suspect[i] - evidence.computed[i], evidence.suspect[i] - values[i]
      )
      before += own * own
      after += left * left
    }
    return after.squareRoot() <= Self.remainingError * before.squareRoot()
  }
}

extension Tolerance {
  /// The largest error of each element that rounding explains.
  func limits(of values: Tensor<Double>) -> Tensor<Double> {
    let window = window(0..<values.count)
    return Tensor(
      values.shape, values.elements.indices.map { window.limits(at: $0, value: values[$0]).hard })
  }
}

extension Evidence {
  /// N, the first extent of the first input; nil where there is no axis for it.
  var batch: Int? {
    guard let shape = operands.inputs.first?.shape, shape.rank > 1 else { return nil }
    return shape[0]
  }
}
