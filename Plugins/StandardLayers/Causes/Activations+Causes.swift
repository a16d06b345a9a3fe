// Known mistakes of single activations, beside those of all functions of one number.

public import LayerKit
import Tensors

// MARK: Derivatives in terms of the output

extension Sigmoid {
  public var causes: [Cause] {
    elementwiseCauses + [derivativeFormOnInput { $0 * (.one - $0) }]
  }
}

extension Tanh {
  public var causes: [Cause] {
    elementwiseCauses + [derivativeFormOnInput { .one - $0 * $0 }]
  }
}

extension Exp {
  public var causes: [Cause] { elementwiseCauses + [derivativeFormOnInput { $0 }] }
}

// MARK: Slopes

extension ReLU {
  public var causes: [Cause] { elementwiseCauses + [.leakySlope] }
}

extension LeakyReLU {
  public var causes: [Cause] { elementwiseCauses + [.leakySlope] }
}

extension RReLU {
  public var causes: [Cause] { [.leakySlope] }
}

extension PReLU {
  public var causes: [Cause] { [.leakySlope] }
}

extension Cause {
  /// Another slope c for negative numbers: S = c·x, or c·dy, where x is not positive.
  ///
  /// c = ⟨S, v⟩/⟨v, v⟩ over the elements v with x < 0; at least four of them.
  static let leakySlope = Cause(
    "leaky-slope",
    advice: "negative inputs were multiplied by another slope: set the same one",
    remedies: [
      .torch: "`nn.LeakyReLU(negative_slope=0.01)`",
      .keras: "`LeakyReLU(negative_slope=0.3)` is the default; it was called `alpha`",
      .jax: "`jax.nn.leaky_relu(x, negative_slope=0.01)`",
    ], shownBy: "four negative inputs or more",
    specificity: .fitted
  ) { evidence in
    let x = evidence.operands.inputs[0]
    let factors: Tensor<Double>
    switch evidence.tensor {
    case .output: factors = x
    case .inputGradient(0) where evidence.upstream.count == 1: factors = evidence.upstream[0]
    default: return []
    }
    guard evidence.suspect.shape == x.shape else { return [] }
    let negative = x.elements.indices.filter { x[$0] < 0 && factors[$0] != 0 }
    guard negative.count >= 4 else { return [] }
    let product = negative.reduce(0) { $0 + evidence.suspect[$1] * factors[$1] }
    let square = negative.reduce(0) { $0 + factors[$1] * factors[$1] }
    let slope = product / square
    guard slope.isFinite else { return [] }
    let values = Tensor(
      x.shape, x.elements.indices.map { x[$0] > 0 ? factors[$0] : slope * factors[$0] })
    let rounding = evidence.rounding
    return [
      Prediction(values, detail: "slope \(slope.shortened)", fitted: 1) {
        .elementwise(
          x.zip(values) {
            $0 > 0 || $1 == 0 ? 0 : rounding.gamma(3) * $1.magnitude + rounding.subnormalStep
          })
      }
    ]
  }
}

// MARK: GELU

extension GELU {
  public var causes: [Cause] { elementwiseCauses + [otherApproximation] }

  /// The other of both formulas, or x·σ(1.702x).
  private var otherApproximation: Cause {
    Cause(
      "gelu-approximation",
      advice: "GELU was computed by another approximation: use the same formula on both"
        + " sides",
      remedies: [
        .torch: "`nn.GELU(approximate='none')` or `'tanh'`",
        .keras: "`keras.activations.gelu(x, approximate=False)` or `True`",
        .jax: "`jax.nn.gelu(x, approximate=False)`; the default is `True`",
      ]
    ) { evidence in
      let other = approximate == .none ? "tanh" : "none"
      var reader = HyperparameterReader(["approximate": .text(other)])
      return [
        evidence.replay(AnyLayer(GELU(&reader)), detail: "approximate \"\(other)\""),
        evidence.quickGELU(),
      ].compactMap { $0 }
    }
  }
}

extension Evidence {
  /// GELU by a sigmoid (Hendrycks & Gimpel 2016, §2).
  ///
  /// y = x·s with s = σ(1.702x), dx = dy·(s + 1.702·x·s(1 − s)).
  fileprivate func quickGELU() -> Prediction? {
    let rounding = rounding
    let x = operands.inputs[0].map { Approximation($0, rounding) }
    // The constant is rounded too.
    let rate = Approximation(1.702, rounding, roundings: 1)
    let detail = "x·sigmoid(1.702x)"
    switch tensor {
    case .output:
      return Prediction(x.map { $0 * .logistic(rate * $0) }, detail: detail)
    case .inputGradient(0) where upstream.count == 1:
      return Prediction(
        x.zip(upstream[0]) { x, dy in
          let s = Approximation.logistic(rate * x)
          return Approximation(dy, rounding) * (s + rate * x * s * (.one - s))
        }, detail: detail)
    default:
      return nil
    }
  }
}
