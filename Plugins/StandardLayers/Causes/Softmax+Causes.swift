// Known mistakes of the softmax family: the Jacobian diag(p) − ppᵀ, the axis, the logarithm.

public import LayerKit
import Tensors

extension RowwiseLayer {
  /// The function along another axis.
  var wrongAxis: Cause {
    Cause(
      "softmax-wrong-axis",
      advice: "the softmax ran along another axis than that of the classes",
      remedies: [
        .torch: "`nn.Softmax(dim=1)`",
        .keras: "`Softmax(axis=-1)`",
        .jax: "`jax.nn.softmax(x, axis=-1)`",
      ], shownBy: "axes of unequal extents"
    ) { evidence in
      let shape = evidence.operands.inputs[0].shape
      guard let own = try? axis(of: shape) else { return [] }
      return (0..<shape.rank).filter { $0 != own && shape[$0] > 1 }.compactMap {
        evidence.replay(AnyLayer(OtherAxis(self, axis: $0)), detail: "axis \($0)")
      }
    }
  }
}

/// A layer of rows along another axis.
private struct OtherAxis<Base: RowwiseLayer>: RowwiseLayer {
  static var kind: String { Base.kind }
  private let base: Base
  private let axis: Int

  init(_ base: Base, axis: Int) {
    self.base = base
    self.axis = axis
  }

  init(_ hyperparameters: inout HyperparameterReader) {
    self.init(Base(&hyperparameters), axis: 0)
  }

  static var examples: [LayerExample] { Base.examples }

  func axis(of shape: Shape) throws -> Int { try shape.axis(axis, named: "dim") }

  func value<S: Scalar>(_ x: [S], _ y: inout [S]) { base.value(x, &y) }

  func gradient<S: Scalar>(_ x: [S], _ dy: [S], _ dx: inout [S]) { base.gradient(x, dy, &dx) }

  func valueError(_ x: [Double], _ rounding: Rounding, _ bound: inout [Double]) {
    base.valueError(x, rounding, &bound)
  }

  func gradientError(
    _ x: [Double], _ dy: [Double], _ rounding: Rounding, _ bound: inout [Double]
  ) {
    base.gradientError(x, dy, rounding, &bound)
  }
}

// MARK: Softmax

extension SoftmaxLayer {
  public var causes: [Cause] {
    [jacobianTwice, jacobianDiagonal, wrongAxis, logarithmInstead]
  }

  /// S = p·(M − ⟨p, M⟩): the Jacobian applied to its own result.
  private var jacobianTwice: Cause {
    Cause(
      "softmax-jacobian-twice",
      advice: "the Jacobian of softmax was multiplied in twice, here and in the loss: a"
        + " cross entropy of logits has it already",
      remedies: [
        .torch: "`nn.CrossEntropyLoss` takes logits: drop the softmax before it",
        .keras: "`from_logits=True` takes logits: drop the softmax before it",
      ], shownBy: "more than one class"
    ) { evidence in
      guard evidence.inputGradientUpstream != nil,
        let once = evidence.replay(), let twice = evidence.replay(upstream: [once.values]),
        let probabilities = evidence.replay(of: .output(0)),
        let axis = try? axis(of: once.values.shape)
      else { return [] }
      return [
        Prediction(twice.values) {
          let rows = AxisRows(once.values.shape, axis: axis)
          let inherited = rows.map(
            probabilities.values, evidence.limits(of: once), placeholder: 0
          ) { p, errors, bound in
            SoftmaxRow.inheritedError(p, errors, &bound)
          }
          return .elementwise(evidence.limits(of: twice).zip(inherited) { $0 + 1.01 * $1 })
        }
      ]
    }
  }

  /// S = p(1 − p)·dy: the diagonal of the Jacobian alone, with E_p|dy| + γ(3)·|S| + η.
  private var jacobianDiagonal: Cause {
    Cause(
      "softmax-jacobian-diagonal",
      advice: "only the diagonal p(1 - p) of the Jacobian of softmax was used, as for a"
        + " sigmoid: the gradient is p·(dy - sum of p·dy)", shownBy: "more than one class"
    ) { evidence in
      guard let dy = evidence.inputGradientUpstream,
        let output = evidence.replay(of: .output(0))
      else { return [] }
      let (p, rounding) = (output.values, evidence.rounding)
      let sign = Self.negatesInput ? -1.0 : 1
      let values = p.zip(dy) { sign * $0 * (1 - $0) * $1 }
      return [
        Prediction(values) {
          let errors = evidence.limits(of: output).zip(dy) { $0 * $1.magnitude }
          return .elementwise(
            errors.zip(values) {
              1.01 * $0 + rounding.gamma(4) * $1.magnitude + rounding.underflow
            })
        }
      ]
    }
  }

  /// The logarithm of p, and its gradient.
  private var logarithmInstead: Cause {
    Cause(
      "softmax-log-mixed",
      advice: "log-softmax was computed in the place of softmax: use the same function on both"
        + " sides"
    ) { evidence in
      guard !Self.negatesInput, let axis = try? axis(of: evidence.operands.inputs[0].shape)
      else { return [] }
      var reader = HyperparameterReader([:])
      let other = OtherAxis(LogSoftmax(&reader), axis: axis)
      return [evidence.replay(AnyLayer(other))].compactMap { $0 }
    }
  }
}

extension SoftmaxRow {
  /// The error that p·(dy − ⟨p, dy⟩) inherits from errors of dy: p·(E + ⟨p, E⟩).
  static func inheritedError(_ p: [Double], _ errors: [Double], _ bound: inout [Double]) {
    let sum = zip(p, errors).reduce(0) { $0 + $1.0 * $1.1 }
    for i in p.indices { bound[i] = p[i] * (errors[i] + sum) }
  }
}

// MARK: LogSoftmax

extension LogSoftmax {
  public var causes: [Cause] { [wrongAxis, softmaxInstead] }

  private var softmaxInstead: Cause {
    Cause(
      "softmax-log-mixed",
      advice: "softmax was computed in the place of log-softmax: use the same function on both"
        + " sides"
    ) { evidence in
      guard let axis = try? axis(of: evidence.operands.inputs[0].shape) else { return [] }
      var reader = HyperparameterReader([:])
      let other = OtherAxis(Softmax(&reader), axis: axis)
      return [evidence.replay(AnyLayer(other))].compactMap { $0 }
    }
  }
}
