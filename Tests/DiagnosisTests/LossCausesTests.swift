import Foundation
import LayerKit
import Tensors
import Testing

/// Faults of losses, from the formulas in the textbooks; gradients are for an upstream of 0.7.
@Suite struct LossCausesTests {
  private let both: [ResultTensor] = [.output(0), .inputGradient(0)]
  private let gradient: [ResultTensor] = [.inputGradient(0)]

  // MARK: Losses of a difference

  private func difference(
    _ kind: String, _ settings: [String: HyperparameterValue] = [:], seed: UInt64 = 61
  ) throws -> PlantedFault {
    var draw = Draw(seed: seed)
    let reduction = settings["reduction"]?.asText
    let upstream = reduction == "none" ? draw.tensor([5, 7]) : Tensor(scalar: 0.7)
    return try PlantedFault(
      kind, settings, Operands(inputs: [draw.tensor([5, 7]), draw.tensor([5, 7])]),
      upstream: [upstream])
  }

  /// A mean over 35 elements, or its gradient, times a factor.
  private func mean(
    _ tensor: ResultTensor, _ n: PlantedFault.Numbers, factor: Double = 1,
    _ value: (Double) -> Double, _ slope: (Double) -> Double
  ) -> Tensor<Double> {
    let d = n.x.zip(n.operands.inputs[1], -)
    return tensor == .output(0)
      ? Tensor(scalar: factor * d.elements.reduce(0) { $0 + value($1) } / 35)
      : d.map { factor * n.dy[0] * slope($0) / 35 }
  }

  private func huber(_ delta: Double) -> (value: (Double) -> Double, slope: (Double) -> Double) {
    (
      { abs($0) <= delta ? $0 * $0 / 2 : delta * (abs($0) - delta / 2) },
      { abs($0) <= delta ? $0 : $0 < 0 ? -delta : delta }
    )
  }

  @Test func reduction() throws {
    for factor in [35.0, 5, 7, 1.0 / 5, 1.0 / 7] {
      try difference("MSELoss").expect("loss-reduction", in: both) {
        mean($0, $1, factor: factor, { $0 * $0 }, { 2 * $0 })
      }
    }
    try difference("L1Loss", ["reduction": "sum"]).expect("loss-reduction", in: both) {
      mean($0, $1, { abs($0) }, { $0 > 0 ? 1 : -1 })
    }
    try difference("L1Loss", ["reduction": "none"]).expect("loss-reduction", in: [.output(0)]) {
      mean($0, $1, { abs($0) }, { $0 })
    }
  }

  @Test func halfFactor() throws {
    for factor in [0.5, 2] {
      try difference("MSELoss").expect("loss-half-factor", in: both) {
        mean($0, $1, factor: factor, { $0 * $0 }, { 2 * $0 })
      }
    }
  }

  @Test func targetOmitted() throws {
    try difference("MSELoss").expect("loss-target-omitted", in: gradient) { _, n in
      n.x.map { 0.7 * (n.dy[0] / 0.7) * 2 * $0 / 35 }
    }
  }

  @Test func kindMixed() throws {
    try difference("MSELoss").expect("loss-kind-mixed", in: both) {
      mean($0, $1, { abs($0) }, { $0 > 0 ? 1 : -1 })
    }
    try difference("L1Loss").expect("loss-kind-mixed", in: both, scales: [1, 0.5]) {
      mean($0, $1, huber(1).value, huber(1).slope)
    }
    for kind in ["HuberLoss", "SmoothL1Loss", "L1Loss"] {
      try difference(kind).expect(
        "loss-kind-mixed", in: both, alike: ["huber-beta"], scales: [1, 0.5, 2]
      ) { mean($0, $1, { $0 * $0 }, { 2 * $0 }) }
    }
  }

  @Test func huberAndSmoothL1() throws {
    try difference("HuberLoss", ["delta": 0.4]).expect("huber-smooth-l1-mixed", in: both) {
      mean($0, $1, factor: 1 / 0.4, huber(0.4).value, huber(0.4).slope)
    }
    try difference("SmoothL1Loss", ["beta": 0.4]).expect("huber-smooth-l1-mixed", in: both) {
      mean($0, $1, huber(0.4).value, huber(0.4).slope)
    }
    try difference("HuberLoss").expectHidden("huber-smooth-l1-mixed", in: .output(0)) {
      mean(.output(0), $0, huber(1).value, huber(1).slope)
    }
  }

  @Test func joint() throws {
    for delta in [0.5, 1.0 / 9] {
      try difference("HuberLoss").expect("huber-beta", in: both, scales: [1, 2]) {
        mean($0, $1, huber(delta).value, huber(delta).slope)
      }
      // Where all residuals are beyond the joint the gradient is that of the L1 loss.
      try difference("SmoothL1Loss").expect(
        "huber-beta", in: both, alike: ["loss-kind-mixed"], scales: [1, 2]
      ) {
        mean($0, $1, factor: 1 / delta, huber(delta).value, huber(delta).slope)
      }
    }
    // A number that is fitted.
    try difference("HuberLoss").expect(
      "huber-beta", in: gradient, scales: [1, 2], detail: "joint at 0.73"
    ) { mean($0, $1, huber(0.73).value, huber(0.73).slope) }
    try difference("SmoothL1Loss").expect(
      "huber-beta", in: gradient, scales: [1, 2], detail: "joint at 0.73"
    ) { mean($0, $1, factor: 1 / 0.73, huber(0.73).value, huber(0.73).slope) }
  }

  // MARK: Binary cross entropy

  private func binary(weighted: Bool = false) throws -> PlantedFault {
    var draw = Draw(seed: 62)
    var operands = Operands(inputs: [
      draw.tensor([5, 7]), draw.tensor([5, 7], from: 0, to: 1),
    ])
    if weighted {
      operands.auxiliary = ["weight": draw.tensor([7], from: 0.5, to: 2)]
    }
    return try PlantedFault(
      "BCEWithLogitsLoss", [:], operands, upstream: [Tensor(scalar: 0.7)])
  }

  private func sigma(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

  @Test func binaryCrossEntropy() throws {
    try binary().expect("sigmoid-derivative-twice", in: gradient) { _, n in
      n.x.zip(n.operands.inputs[1]) {
        let p = sigma($0)
        return n.dy[0] * (p - $1) * p * (1 - p) / 35
      }
    }
    try binary().expect("loss-target-omitted", in: gradient) { _, n in
      n.x.map { n.dy[0] * sigma($0) / 35 }
    }
    try binary(weighted: true).expect("class-weight-ignored", in: both) { tensor, n in
      let t = n.operands.inputs[1]
      guard tensor == .output(0) else {
        return n.x.zip(t) { n.dy[0] * (sigma($0) - $1) / 35 }
      }
      let values = n.x.zip(t) { max($0, 0) - $0 * $1 + log1p(exp(-abs($0))) }
      return Tensor(scalar: values.elements.reduce(0, +) / 35)
    }
  }

  // MARK: Cross entropy

  /// Six samples of four classes.
  private func classes(
    _ kind: String = "CrossEntropyLoss", _ settings: [String: HyperparameterValue] = [:],
    weighted: Bool = false, ignoring: Double? = nil
  ) throws -> PlantedFault {
    var draw = Draw(seed: 63)
    var target = Tensor<Double>([6], [0, 3, 1, 1, 2, 3])
    if let ignoring { (target[1], target[4]) = (ignoring, ignoring) }
    var operands = Operands(inputs: [draw.tensor([6, 4]), target])
    if weighted { operands.auxiliary = ["weight": draw.tensor([4], from: 0.5, to: 2)] }
    return try PlantedFault(kind, settings, operands, upstream: [Tensor(scalar: 0.7)])
  }

  private func softmax(_ x: [Double]) -> [Double] {
    let largest = x.max() ?? 0
    let e = x.map { exp($0 - largest) }
    return e.map { $0 / e.reduce(0, +) }
  }

  /// The value or the gradient of samples with a row of scores and a label each, added up.
  private func cases(
    _ tensor: ResultTensor, _ n: PlantedFault.Numbers, factor: (Int) -> Double,
    value: ([Double], Int) -> Double, gradient: ([Double], Int) -> [Double]
  ) -> Tensor<Double> {
    var (sum, dx) = (0.0, n.x)
    for i in 0..<6 {
      let row = Array(n.x.elements[i * 4..<i * 4 + 4])
      let label = Int(n.operands.inputs[1][i])
      sum += factor(i) * value(row, label)
      for (c, g) in gradient(row, label).enumerated() { dx[i, c] = n.dy[0] * factor(i) * g }
    }
    return tensor == .output(0) ? Tensor(scalar: sum) : dx
  }

  private func entropy(_ x: [Double], _ label: Int) -> Double {
    guard x.indices.contains(label) else { return 0 }
    let largest = x.max() ?? 0
    return log(x.reduce(0) { $0 + exp($1 - largest) }) + largest - x[label]
  }

  private func slope(_ x: [Double], _ label: Int) -> [Double] {
    softmax(x).enumerated().map { $1 - ($0 == label ? 1 : 0) }
  }

  /// The mean over six samples, of other gradients.
  private func gradients(
    _ n: PlantedFault.Numbers, _ row: ([Double], Int) -> [Double]
  ) -> Tensor<Double> {
    cases(.inputGradient(0), n, factor: { _ in 1.0 / 6 }, value: { _, _ in 0 }, gradient: row)
  }

  private func jacobian(_ p: [Double], _ g: [Double]) -> [Double] {
    let product = zip(p, g).reduce(0) { $0 + $1.0 * $1.1 }
    return zip(p, g).map { $0 * ($1 - product) }
  }

  @Test func softmaxOfCrossEntropy() throws {
    let fault = try classes()
    try fault.expect("softmax-jacobian-twice", in: gradient) { _, n in
      gradients(n) { jacobian(softmax($0), slope($0, $1)) }
    }
    try fault.expect("softmax-jacobian-diagonal", in: gradient, scales: [1, 1e-3]) { _, n in
      gradients(n) { x, label in
        softmax(x).enumerated().map { $0 == label ? -(1 - $1) : 0 }
      }
    }
    try fault.expect("softmax-jacobian-omitted", in: gradient, scales: [1, 1e-3]) { _, n in
      gradients(n) { x, label in softmax(x).enumerated().map { $0 == label ? -1 / $1 : 0 } }
    }
    try fault.expect("sigmoid-derivative-twice", in: gradient) { _, n in
      gradients(n) { x, label in zip(softmax(x), slope(x, label)).map { $0 * (1 - $0) * $1 } }
    }
    try fault.expect("loss-target-omitted", in: gradient) { _, n in
      gradients(n) { x, _ in softmax(x) }
    }
    try fault.expect("softmax-applied-twice", in: both) { tensor, n in
      cases(
        tensor, n, factor: { _ in 1.0 / 6 }, value: { entropy(softmax($0), $1) },
        gradient: { jacobian(softmax($0), slope(softmax($0), $1)) })
    }
    try fault.expect("softmax-applied-twice", in: gradient) { _, n in
      gradients(n) { slope(softmax($0), $1) }
    }
  }

  @Test func labelSmoothing() throws {
    for (own, other) in [(0, 0.1), (0.1, 0), (0, 0.23)] {
      // One number is too little to fit another to.
      let tensors = other == 0.23 ? gradient : both
      try classes("CrossEntropyLoss", ["label_smoothing": .real(own)]).expect(
        "label-smoothing", in: tensors, scales: [1, 0.5, 3]
      ) { tensor, n in
        cases(
          tensor, n, factor: { _ in 1.0 / 6 },
          value: { x, label in
            (1 - other) * entropy(x, label)
              + (0..<4).reduce(0) { $0 + other / 4 * entropy(x, $1) }
          },
          gradient: { x, label in
            softmax(x).enumerated().map {
              $1 - (1 - other) * ($0 == label ? 1 : 0) - other / 4
            }
          })
      }
    }
  }

  @Test func classWeights() throws {
    func weight(_ n: PlantedFault.Numbers, _ i: Int) -> Double {
      n.operands.auxiliary["weight"]?[Int(n.operands.inputs[1][i])] ?? .nan
    }
    try classes(weighted: true).expect("class-weight-normalisation", in: both) { tensor, n in
      cases(tensor, n, factor: { weight(n, $0) / 6 }, value: entropy, gradient: slope)
    }
    try classes(weighted: true).expect("class-weight-ignored", in: both) { tensor, n in
      cases(tensor, n, factor: { _ in 1.0 / 6 }, value: entropy, gradient: slope)
    }
    try classes("NLLLoss", weighted: true).expect("class-weight-normalisation", in: both) {
      tensor, n in
      cases(
        tensor, n, factor: { weight(n, $0) / 6 }, value: { -$0[$1] },
        gradient: { _, label in (0..<4).map { $0 == label ? -1 : 0 } })
    }
    try classes(weighted: true).expect("loss-reduction", in: both) { tensor, n in
      cases(tensor, n, factor: { weight(n, $0) }, value: entropy, gradient: slope)
    }
  }

  @Test func ignoredIndex() throws {
    // Left out of the sum, counted in the divisor.
    let outside = try classes(ignoring: -100)
    try outside.expect("ignore-index-counted", in: both) { tensor, n in
      cases(
        tensor, n, factor: { n.operands.inputs[1][$0] < 0 ? 0 : 1.0 / 6 }, value: entropy,
        gradient: slope)
    }
    // A gradient for no class.
    for divisor in [4.0, 6] {
      try outside.expect("ignore-index-counted", in: gradient) { tensor, n in
        cases(tensor, n, factor: { _ in 1 / divisor }, value: entropy, gradient: slope)
      }
    }
    // Treated like any other class.
    let inside = try classes("CrossEntropyLoss", ["ignore_index": 2], ignoring: 2)
    for divisor in [4.0, 6] {
      try inside.expect("ignore-index-counted", in: both) { tensor, n in
        cases(tensor, n, factor: { _ in 1 / divisor }, value: entropy, gradient: slope)
      }
    }
    try classes().expectHidden("ignore-index-counted", in: .output(0)) { n in
      cases(.output(0), n, factor: { _ in 1.0 / 6 }, value: entropy, gradient: slope)
    }
  }

  // MARK: Constants, controls

  @Test func constantInSinglePrecision() throws {
    let delta = Double(Float(0.4))
    try difference("HuberLoss", ["delta": 0.4]).expect(
      "constant-in-lower-precision", in: both, scales: [1, 3], formats: [.float64]
    ) { mean($0, $1, huber(delta).value, huber(delta).slope) }
  }

  @Test func rightResultsGetNoCause() throws {
    for kind in ["MSELoss", "L1Loss", "HuberLoss", "SmoothL1Loss"] {
      for reduction in ["mean", "sum", "none"] {
        let fault = try difference(kind, ["reduction": .text(reduction)])
        for scale in [1, 1e-3, 1e3] { try fault.scaled(scale).expectNoCause(in: both) }
        // Residuals of exactly zero.
        var still = fault
        still.operands.inputs[1] = still.operands.inputs[0]
        try still.expectNoCause(in: both)
      }
    }
    for weighted in [false, true] {
      try binary(weighted: weighted).expectNoCause(in: both)
      try classes(weighted: weighted, ignoring: -100).expectNoCause(in: both)
      try classes("NLLLoss", weighted: weighted).expectNoCause(in: both)
    }
  }
}
