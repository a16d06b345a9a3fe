// Known mistakes of losses: the reduction, the target, and one loss in the place of another.

public import LayerKit
import Tensors

extension ReducedLoss {
  public var causes: [Cause] { reducedCauses }

  /// The causes of all losses made of values that are added up or averaged.
  var reducedCauses: [Cause] {
    [
      .lossReduction { evidence in
        (try? valueShape(evidence.operands.shapes))
          .map { Double(divisor($0, of: evidence.operands.shapes)) }
      }
    ]
  }
}

extension Cause {
  /// Another reduction: a factor that is a count, or one number where there should be many.
  ///
  /// `divisor` is what a mean divides the sum by.
  static func lossReduction(_ divisor: @escaping @Sendable (Evidence) -> Double?) -> Cause {
    Cause(
      "loss-reduction",
      advice: "the loss was reduced otherwise: set the same reduction, and divide its"
        + " gradient by the same count",
      remedies: [
        .torch: "`reduction='mean'`, `'sum'`, or `'batchmean'` for `KLDivLoss`",
        .keras: "`reduction=\"sum_over_batch_size\"` or `\"sum\"`",
        .jax: "`jnp.mean` or `jnp.sum` of the losses of all elements",
      ], shownBy: "a batch of 3 samples or more, and another number of classes",
      specificity: .namedFactor
    ) { evidence in
      if case .output = evidence.tensor, evidence.computed.shape.rank > 0 {
        let sum = evidence.computed.elements.reduce(0, +)
        let magnitude = evidence.computed.elements.reduce(0) { $0 + $1.magnitude }
        let count = evidence.computed.count
        return [(1.0, "the sum"), (Double(count), "the mean")].map { divisor, name in
          Prediction(Tensor(scalar: sum / divisor), detail: name) {
            .sum(terms: count + 8, magnitude: Tensor(scalar: magnitude / divisor), products: false)
          }
        }
      }
      let x = evidence.operands.inputs[0].shape
      let samples = Double(x.extents.first ?? 1)
      let positions = evidence.operands.inputs.dropFirst().first.map { Double($0.count) }
      let total = Double(x.count)
      var counts: [Double] = []
      for count in [divisor(evidence), samples, total, total / samples, positions] {
        if let count, count > 0, count != 1, !counts.contains(count) { counts.append(count) }
      }
      return counts.flatMap { count in
        [
          evidence.scaled({ $0 * count }, detail: "times \(count.shortened)"),
          evidence.scaled({ $0 / count }, detail: "divided by \(count.shortened)"),
        ]
      }
    }
  }

  /// The gradient for a target of 0.
  static let targetOmitted = Cause(
    "loss-target-omitted",
    advice: "the target was left out of the gradient: it is the prediction minus the target",
    shownBy: "targets that are not 0"
  ) { evidence in
    guard evidence.inputGradientUpstream != nil else { return [] }
    var operands = evidence.operands
    operands.inputs[1] = operands.inputs[1].map { _ in 0 }
    return [evidence.replay(operands: operands)].compactMap { $0 }
  }

  /// The loss without its class weights.
  static let classWeightIgnored = Cause(
    "class-weight-ignored",
    advice: "the weights were not applied",
    remedies: [
      .torch: "`weight=`, `pos_weight=`",
      .keras: "`class_weight=` or `sample_weight=` of `fit`",
    ], shownBy: "weights that are not equal"
  ) { evidence in
    let names = evidence.operands.auxiliary.keys.sorted()
    return (names.map { [$0] } + (names.count > 1 ? [names] : [])).compactMap { names in
      var operands = evidence.operands
      for name in names { operands.auxiliary[name] = nil }
      return evidence.replay(operands: operands, detail: "without \(names.joined(separator: ", "))")
    }
  }
}

// MARK: Losses of a difference

extension DifferenceLoss {
  public var causes: [Cause] { differenceCauses }

  /// The causes of all losses of x − t.
  var differenceCauses: [Cause] { reducedCauses + [.targetOmitted, kindMixed] }

  /// The reduction, as a file states it.
  fileprivate func stated(
    _ others: [String: HyperparameterValue] = [:]
  ) -> HyperparameterReader {
    HyperparameterReader(others.merging(["reduction": .text(reduction.rawValue)]) { $1 })
  }

  /// Another loss of the difference; the one with a joint has it at 1.
  private var kindMixed: Cause {
    Cause(
      "loss-kind-mixed",
      advice: "another loss of the difference was computed",
      remedies: [
        .torch: "compare `MSELoss`, `L1Loss` and `HuberLoss`",
        .keras: "compare `MeanSquaredError`, `MeanAbsoluteError` and `Huber`",
        .jax: "compare `optax.squared_error` and `optax.huber_loss`",
      ], shownBy: "differences below and above 1"
    ) { evidence in
      var (squares, magnitudes, both) = (stated(), stated(), stated())
      let losses: [(String, AnyLayer)] = [
        (MSELoss.kind, AnyLayer(MSELoss(&squares))), (L1Loss.kind, AnyLayer(L1Loss(&magnitudes))),
        (HuberLoss.kind, AnyLayer(HuberLoss(&both))),
      ]
      // Another place of the joint has a name of its own, and within the joint Huber's loss is half
      // the squared difference, which has one too.
      let own = Self.kind == SmoothL1Loss.kind ? HuberLoss.kind : Self.kind
      let elements = LossElements(evidence.operands)
      let hasJoint = (0..<elements.shape.count).contains {
        (elements[$0].input - elements[$0].target).magnitude > 1
      }
      return losses.filter {
        $0.0 != own && (hasJoint || $0.0 != HuberLoss.kind)
      }.compactMap { kind, layer in
        evidence.replay(layer, detail: kind)
      }
    }
  }

  /// The loss of another factor in its linear part; `joint` is where that begins.
  fileprivate func jointCauses(
    _ joint: Double, factor: Double, of other: @escaping @Sendable (Double) -> AnyLayer?
  ) -> [Cause] {
    [
      Cause(
        "huber-smooth-l1-mixed",
        advice: "Huber's loss and the smooth L1 loss differ by the factor delta = beta:"
          + " use the same one on both sides",
        remedies: [
          .torch: "`HuberLoss(delta)` is delta times `SmoothL1Loss(beta)`",
          .keras: "`Huber(delta)` is PyTorch's `HuberLoss`",
          .jax: "`optax.huber_loss` is PyTorch's `HuberLoss`",
        ], shownBy: "a delta other than 1", specificity: .specific
      ) { evidence in
        joint > 0
          ? [Prediction(evidence.computed, times: factor, detail: "times \(factor.shortened)")] : []
      },
      Cause(
        "huber-beta",
        advice: "the parabola ends elsewhere: set the same delta or beta",
        remedies: [
          .torch: "`HuberLoss(delta=1)`, `SmoothL1Loss(beta=1)`; losses of detection often"
            + " have beta 1/9",
          .keras: "`Huber(delta=1)`",
          .jax: "`optax.huber_loss(delta=1)`",
        ], shownBy: "differences within and beyond both joints", specificity: .fitted
      ) { evidence in
        @Sendable func replay(_ joint: Double) -> Prediction? {
          guard joint > 0, let layer = other(joint) else { return nil }
          return evidence.replay(layer, detail: "joint at \(joint.shortened)")
        }
        let usual = [1, 0.5, 0.1, 1.0 / 9]
        let known = usual.filter { $0 != joint }.compactMap(replay)
        return known + evidence.fitting(from: usual + [joint, 2 * joint, 4 * joint], replay)
      },
    ]
  }
}

extension MSELoss {
  public var causes: [Cause] {
    differenceCauses + [
      Cause(
        "loss-half-factor",
        advice: "the squared difference has a factor 1/2 on one side: without it the"
          + " gradient is 2(x - t)",
        remedies: [
          .jax: "`optax.l2_loss` has the factor 1/2, `optax.squared_error` has not"
        ], shownBy: "a batch of 3 samples or more"
      ) { evidence in
        [
          Prediction(evidence.computed, times: 0.5, detail: "with a factor 1/2"),
          Prediction(evidence.computed, times: 2, detail: "times 2"),
        ]
      }
    ]
  }
}

extension HuberLoss {
  public var causes: [Cause] {
    differenceCauses
      + jointCauses(delta, factor: 1 / delta) { delta in
        var reader = stated(["delta": .real(delta)])
        return AnyLayer(HuberLoss(&reader))
      }
  }
}

extension SmoothL1Loss {
  public var causes: [Cause] {
    differenceCauses
      + jointCauses(beta, factor: beta) { beta in
        var reader = stated(["beta": .real(beta)])
        return AnyLayer(SmoothL1Loss(&reader))
      }
  }
}

// MARK: Binary cross entropy

extension BCELoss {
  public var causes: [Cause] {
    reducedCauses + [
      .targetOmitted, .classWeightIgnored,
      .sigmoidDerivativeTwice { x, rounding in
        (x * (1 - x), rounding.gamma(3) * x.magnitude * (1 - x).magnitude)
      },
    ]
  }
}

extension BCEWithLogitsLoss {
  public var causes: [Cause] {
    reducedCauses + [
      .targetOmitted, .classWeightIgnored,
      .sigmoidDerivativeTwice { x, rounding in
        let slope = Double.logistic(x) * Double.logistic(-x)
        return (slope, rounding.logisticError(x) + rounding.gamma(3) * slope)
      },
    ]
  }
}

extension Cause {
  /// S = M·p(1 − p), p(1 − p) and its error for each input.
  fileprivate static func sigmoidDerivativeTwice(
    _ slope: @escaping @Sendable (Double, Rounding) -> (value: Double, error: Double)
  ) -> Cause {
    Cause(
      "sigmoid-derivative-twice",
      advice:
        "the gradient was multiplied by p(1 - p) once more: the cross entropy of logits has the"
        + " derivative of the sigmoid already"
    ) { evidence in
      guard evidence.inputGradientUpstream != nil, let right = evidence.replay() else { return [] }
      let rounding = evidence.rounding
      let x = evidence.operands.inputs[0]
      guard right.values.shape == x.shape else { return [] }
      let values = right.values.zip(x) { $0 * slope($1, rounding).value }
      return [
        Prediction(values) {
          let errors = evidence.limits(of: right)
          return .elementwise(
            Tensor(
              x.shape,
              x.elements.indices.map { i in
                let (value, error) = slope(x[i], rounding)
                return 1.01 * (value * errors[i] + error * right.values[i].magnitude)
                  + rounding.unit * values[i].magnitude + rounding.underflow
              }))
        }
      ]
    }
  }
}
