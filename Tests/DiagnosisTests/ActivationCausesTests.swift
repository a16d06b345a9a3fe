import Foundation
import LayerKit
import Tensors
import Testing

/// Faults of activations, from the formulas in the textbooks.
@Suite struct ActivationCausesTests {
  private func fault(
    _ kind: String, _ hyperparameters: [String: HyperparameterValue] = [:],
    seed: UInt64 = 11, positive: Bool = false, change: (inout Tensor<Double>) -> Void = { _ in }
  ) throws -> PlantedFault {
    var draw = Draw(seed: seed)
    var x = draw.tensor([3, 4, 5], from: positive ? 0.1 : -2, to: 2)
    change(&x)
    return try PlantedFault(
      kind, hyperparameters, Operands(inputs: [x]), upstream: [draw.tensor([3, 4, 5])])
  }

  private let gradient: [ResultTensor] = [.inputGradient(0)]
  private let both: [ResultTensor] = [.output(0), .inputGradient(0)]

  @Sendable private static func sigma(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

  /// A function and its derivative.
  private static let smooth:
    [(kind: String, f: @Sendable (Double) -> Double, slope: @Sendable (Double) -> Double)] = [
      ("Sigmoid", sigma, { sigma($0) * (1 - sigma($0)) }),
      ("Tanh", { tanh($0) }, { 1 - tanh($0) * tanh($0) }),
      ("SiLU", { $0 * sigma($0) }, { sigma($0) * (1 + $0 * (1 - sigma($0))) }),
      ("Softplus", { max(0, $0) + log1p(exp(-abs($0))) }, sigma),
      (
        "GELU", { $0 / 2 * (1 + erf($0 / 2.0.squareRoot())) },
        {
          (1 + erf($0 / 2.0.squareRoot())) / 2 + $0 * exp(-$0 * $0 / 2)
            / (2 * Double.pi).squareRoot()
        }
      ),
    ]

  // MARK: Derivatives

  @Test func derivativeOmitted() throws {
    for kind in Self.smooth.map(\.kind) + ["ReLU", "LeakyReLU", "ELU", "Hardtanh"] {
      try fault(kind).expect("activation-derivative-omitted", in: gradient) { _, n in n.dy }
    }
  }

  @Test func derivativeTwice() throws {
    for (kind, _, slope) in Self.smooth {
      try fault(kind).expect("activation-derivative-twice", in: gradient) { _, n in
        n.x.zip(n.dy) { $1 * slope($0) * slope($0) }
      }
    }
  }

  @Test func reluHidesASecondDerivative() throws {
    try fault("ReLU").expectHidden("activation-derivative-twice", in: .inputGradient(0)) { n in
      n.x.zip(n.dy) { $0 > 0 ? $1 : 0 }
    }
  }

  @Test func derivativeAtOutput() throws {
    for (kind, f, slope) in Self.smooth {
      try fault(kind).expect("derivative-at-output", in: gradient) { _, n in
        n.x.zip(n.dy) { $1 * slope(f($0)) }
      }
    }
  }

  @Test func derivativeFormOnInput() throws {
    try fault("Sigmoid").expect("derivative-form-on-input", in: gradient) { _, n in
      n.x.zip(n.dy) { $1 * $0 * (1 - $0) }
    }
    try fault("Tanh").expect("derivative-form-on-input", in: gradient) { _, n in
      n.x.zip(n.dy) { $1 * (1 - $0 * $0) }
    }
    try fault("Exp").expect(
      "derivative-form-on-input", in: gradient, scales: [1, 1e-3]
    ) { _, n in n.x.zip(n.dy) { $1 * $0 } }
  }

  @Test func activationInsteadOfDerivative() throws {
    for (kind, f, _) in Self.smooth {
      try fault(kind).expect("activation-instead-of-derivative", in: gradient) { _, n in
        n.x.zip(n.dy) { $1 * f($0) }
      }
    }
    try fault("ReLU").expect("activation-instead-of-derivative", in: gradient) { _, n in
      n.x.zip(n.dy) { $1 * max(0, $0) }
    }
  }

  @Test func maskFromUpstream() throws {
    try fault("ReLU").expect("relu-mask-from-upstream", in: gradient) { _, n in
      n.dy.map { $0 > 0 ? $0 : 0 }
    }
    try fault("LeakyReLU", ["negative_slope": 0.2]).expect(
      "relu-mask-from-upstream", in: gradient
    ) { _, n in n.dy.map { $0 > 0 ? $0 : 0.2 * $0 } }
  }

  // MARK: Kinks

  @Test(arguments: [1, 0.5])
  func derivativeAtZero(rule: Double) throws {
    let zeros: (inout Tensor<Double>) -> Void = { x in for i in [3, 17, 40] { x[i] = 0 } }
    try fault("ReLU", change: zeros).expect("relu-derivative-at-zero", in: gradient) { _, n in
      n.x.zip(n.dy) { $0 > 0 ? $1 : $0 == 0 ? rule * $1 : 0 }
    }
    try fault("ReLU").expectHidden("relu-derivative-at-zero", in: .inputGradient(0)) { n in
      n.x.zip(n.dy) { $0 > 0 ? $1 : $0 == 0 ? rule * $1 : 0 }
    }
    try fault("LeakyReLU", ["negative_slope": 0.25], change: zeros).expect(
      "relu-derivative-at-zero", in: gradient
    ) { _, n in n.x.zip(n.dy) { $0 > 0 ? $1 : $0 == 0 ? rule * $1 : 0.25 * $1 } }
    try fault("ReLU6") { $0[5] = 6 }.expect(
      "relu-derivative-at-zero", in: gradient, scales: [1]
    ) { _, n in n.x.zip(n.dy) { $0 > 0 && $0 < 6 ? $1 : $0 == 6 ? rule * $1 : 0 } }
  }

  // MARK: Slopes and constants

  @Test func leakySlope() throws {
    try fault("LeakyReLU").expect("leaky-slope", in: both, detail: "slope 0.3") { tensor, n in
      n.x.zip(tensor == .output(0) ? n.x : n.dy) { $0 > 0 ? $1 : 0.3 * $1 }
    }
    try fault("ReLU").expect("leaky-slope", in: both, detail: "slope 0.07") { tensor, n in
      n.x.zip(tensor == .output(0) ? n.x : n.dy) { $0 > 0 ? $1 : 0.07 * $1 }
    }
    try fault("LeakyReLU", positive: true).expectHidden("leaky-slope", in: .output(0)) { n in n.x }
  }

  @Test func aSlopeIsNotFittedToThreeElements() throws {
    try fault("LeakyReLU", positive: true) { x in for i in [1, 2, 8] { x[i].negate() } }
      .expectHidden("leaky-slope", in: .output(0)) { n in n.x.map { $0 > 0 ? $0 : 0.3 * $0 } }
  }

  @Test func constantInSinglePrecision() throws {
    let slope = Double(Float(0.01))
    try fault("LeakyReLU").expect(
      "constant-in-lower-precision", in: both, formats: [.float64]
    ) { tensor, n in n.x.zip(tensor == .output(0) ? n.x : n.dy) { $0 > 0 ? $1 : slope * $1 } }
    let alpha = Double(Float(0.3))
    try fault("ELU", ["alpha": 0.3]).expect(
      "constant-in-lower-precision", in: both, formats: [.float64]
    ) { tensor, n in
      n.x.zip(tensor == .output(0) ? n.x : n.dy) {
        tensor == .output(0)
          ? ($0 > 0 ? $0 : alpha * expm1($0)) : ($0 > 0 ? $1 : alpha * exp($0) * $1)
      }
    }
    try fault("LeakyReLU", ["negative_slope": 0.25]).expectHidden(
      "constant-in-lower-precision", in: .output(0)
    ) { n in n.x.map { $0 > 0 ? $0 : 0.25 * $0 } }
  }

  // MARK: GELU

  @Test func geluApproximation() throws {
    let exact = Self.smooth[4]
    let c = (2 / Double.pi).squareRoot()
    @Sendable func k(_ x: Double) -> Double { c * (x + 0.044715 * x * x * x) }
    let formulas: [(f: (Double) -> Double, slope: (Double) -> Double)] = [
      (
        { $0 / 2 * (1 + tanh(k($0))) },
        {
          (1 + tanh(k($0))) / 2 + $0 / 2 * (1 - tanh(k($0)) * tanh(k($0)))
            * c * (1 + 3 * 0.044715 * $0 * $0)
        }
      ),
      (
        { $0 * Self.sigma(1.702 * $0) },
        {
          let s = Self.sigma(1.702 * $0)
          return s + 1.702 * $0 * s * (1 - s)
        }
      ),
    ]
    for (f, slope) in formulas {
      try fault("GELU").expect("gelu-approximation", in: both) { tensor, n in
        tensor == .output(0) ? n.x.map(f) : n.x.zip(n.dy) { slope($0) * $1 }
      }
    }
    try fault("GELU", ["approximate": "tanh"]).expect("gelu-approximation", in: both) {
      tensor, n in
      tensor == .output(0) ? n.x.map(exact.f) : n.x.zip(n.dy) { exact.slope($0) * $1 }
    }
  }

  // MARK: Controls

  @Test func rightResultsGetNoCause() throws {
    let kinds =
      Self.smooth.map(\.kind) + [
        "ReLU", "LeakyReLU", "ELU", "SELU", "CELU", "Hardtanh", "ReLU6", "Hardsigmoid", "Hardswish",
        "Mish", "Softsign", "Softshrink", "Hardshrink", "LogSigmoid", "Tanhshrink", "Exp",
        "Identity",
      ]
    for kind in kinds {
      try fault(kind) { x in
        x[0] = 0
        x[1] = 3
        x[2] = -3
        x[3] = 1e-40
        x[4] = -1e-42
        x[5] = 6
        x[6] = 30
        x[7] = -30
        x[8] = 1
        x[9] = 0.5
      }.expectNoCause(in: both)
    }
  }
}
