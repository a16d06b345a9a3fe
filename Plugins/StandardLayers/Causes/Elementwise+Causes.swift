// Known mistakes of all layers that apply one function to every element alone.

public import LayerKit
import Tensors

extension ElementwiseLayer {
  public var causes: [Cause] { elementwiseCauses }

  /// What can be done wrongly with any function of one number.
  var elementwiseCauses: [Cause] {
    (kinks.isEmpty ? [] : [derivativeAtKink, maskFromUpstream]) + [
      derivativeOmitted, derivativeTwice, derivativeAtOutput, activationInsteadOfDerivative,
    ]
  }

  /// A cause of the gradient of the input: one number and its bound from x and dy, for each element.
  func gradientCause(
    _ id: String, advice: String, specificity: Cause.Specificity = .structural,
    _ element: @escaping @Sendable (Self, _ x: Double, _ dy: Double, Rounding) -> (Double, Double)
  ) -> Cause {
    Cause(id, advice: advice, specificity: specificity) { evidence in
      guard let dy = evidence.inputGradientUpstream else { return [] }
      let function = rounded(to: evidence.operands.format)
      let (x, rounding) = (evidence.operands.inputs[0], evidence.rounding)
      return [
        Prediction(x.zip(dy) { element(function, $0, $1, rounding).0 }) {
          .elementwise(x.zip(dy) { element(function, $0, $1, rounding).1 })
        }
      ]
    }
  }

  // MARK: Kinks

  /// Another slope at a kink: those of both sides, their mean, 0, ½ or 1.
  private var derivativeAtKink: Cause {
    Cause(
      "relu-derivative-at-zero",
      advice: "the derivative exactly at a kink follows another convention: use the"
        + " same one, or keep exact kinks out of the data",
      remedies: [
        .torch: "`torch.nn` takes 0 at 0 for ReLU",
        .jax: "`jax.nn.relu` takes 0 at 0, `jnp.maximum(x, 0)` takes 1/2",
      ], shownBy: "inputs that lie exactly on the kink, and others",
      specificity: .specific, isConvention: true
    ) { evidence in
      guard let dy = evidence.inputGradientUpstream else { return [] }
      let function = rounded(to: evidence.operands.format)
      let x = evidence.operands.inputs[0]
      let points = function.kinks.compactMap { kink -> Double? in
        if case .point(let input, _) = kink { input } else { nil }
      }
      guard x.elements.contains(where: points.contains) else { return [] }
      return kinkRules.map { rule in
        let slopes = x.map { x in points.contains(x) ? rule.slope(function, x) : nil }
        let gradients = x.zip(dy) { function.gradient($0, $1) }
        let values = Tensor(
          x.shape, x.elements.indices.map { i in slopes[i].map { $0 * dy[i] } ?? gradients[i] })
        let rounding = evidence.rounding
        return Prediction(values, detail: rule.name) {
          .elementwise(
            Tensor(
              x.shape,
              x.elements.indices.map { i in
                slopes[i].map { _ in rounding.gamma(2) * values[i].magnitude }
                  ?? function.gradientError(x[i], dy[i], rounding)
              }))
        }
      }
    }
  }

  /// The slopes that are in use at a kink.
  private var kinkRules: [(name: String, slope: @Sendable (Self, Double) -> Double)] {
    [
      ("the derivative of the right side", { $0.gradient($1.nextUp, 1) }),
      ("the derivative of the left side", { $0.gradient($1.nextDown, 1) }),
      (
        "the mean of both sides",
        { ($0.gradient($1.nextUp, 1) + $0.gradient($1.nextDown, 1)) / 2 }
      ),
      ("derivative 1", { _, _ in 1 }), ("derivative 1/2", { _, _ in 0.5 }),
      ("derivative 0", { _, _ in 0 }),
    ]
  }

  // MARK: The derivative

  /// dx = dy.
  private var derivativeOmitted: Cause {
    gradientCause(
      "activation-derivative-omitted",
      advice: "the upstream gradient was handed on as it is: multiply it by the derivative of the"
        + " activation at its input"
    ) { _, _, dy, _ in (dy, 0) }
  }

  /// dx = dy·f′(x)².
  private var derivativeTwice: Cause {
    gradientCause(
      "activation-derivative-twice",
      advice: "the derivative of the activation was multiplied in twice, here and in the next"
        + " layer or the loss: leave one out"
    ) { function, x, dy, rounding in
      let once = function.gradient(x, dy)
      let inherited = function.gradient(x, function.gradientError(x, dy, rounding)).magnitude
      return (
        function.gradient(x, once), function.gradientError(x, once, rounding) + 1.01 * inherited
      )
    }
  }

  /// dx = dy·f′(f(x)), whose error is that at y = f(x), and that of y times the curvature there.
  private var derivativeAtOutput: Cause {
    gradientCause(
      "derivative-at-output",
      advice: "the derivative was taken at the output instead of the input: evaluate f′ at the"
        + " stored input, or use the formula in terms of the output"
    ) { function, x, dy, rounding in
      let y = function.value(x)
      let curvature = function.gradient(Dual(y, derivative: 1), Dual(dy)).derivative
      return (
        function.gradient(y, dy),
        function.gradientError(y, dy, rounding)
          + 1.01 * curvature.magnitude * function.valueError(x, rounding)
      )
    }
  }

  /// dx = dy·f(x).
  private var activationInsteadOfDerivative: Cause {
    gradientCause(
      "activation-instead-of-derivative",
      advice: "the gradient was multiplied by the activation itself: multiply by its derivative"
    ) { function, x, dy, rounding in
      let product = dy * function.value(x)
      return (
        product,
        1.01 * dy.magnitude * function.valueError(x, rounding)
          + rounding.unit * product.magnitude + (product == 0 ? 0 : rounding.underflow)
      )
    }
  }

  /// dx = dy·f′(dy), for functions made of straight lines.
  private var maskFromUpstream: Cause {
    gradientCause(
      "relu-mask-from-upstream",
      advice: "the mask was made of the sign of the upstream gradient: make it of the sign of the"
        + " layer's input"
    ) { function, _, dy, rounding in
      (function.gradient(dy, dy), function.gradientError(dy, dy, rounding))
    }
  }

  /// dx = dy·f̂(x), where f′(x) = f̂(f(x)): the formula in terms of the output, given the input.
  func derivativeFormOnInput(
    _ slope: @escaping @Sendable (Approximation) -> Approximation
  ) -> Cause {
    Cause(
      "derivative-form-on-input",
      advice: "the derivative in terms of the output, such as a(1 - a), was given the input: pass"
        + " it the stored output"
    ) { evidence in
      guard let dy = evidence.inputGradientUpstream else { return [] }
      let rounding = evidence.rounding
      return [
        Prediction(
          evidence.operands.inputs[0].zip(dy) {
            Approximation($1, rounding) * slope(Approximation($0, rounding))
          })
      ]
    }
  }
}
