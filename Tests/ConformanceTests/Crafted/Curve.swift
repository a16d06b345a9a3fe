import Kernels
import LayerKit
import Tensors

/// A right elementwise layer from which wrong ones are made: y = x·max(x, 0).
protocol Curve: Layer { init() }

struct RightCurve: Curve {}

extension Curve {
  static var signature: Signature { Signature(kind: "test.\(Self.self)", traits: .elementwise) }

  init(_ hyperparameters: inout HyperparameterReader) { self.init() }

  func outputShapes(_ operands: OperandShapes) throws -> [Shape] { operands.inputs }

  func define<S: Scalar>(_ operands: Operands<S>) -> Results<S> {
    Results(operands.inputs[0].map { $0 < .zero ? .zero : $0 * $0 })
  }

  func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> {
    Gradients(input: operands.inputs[0].zip(upstream[0]) { $0 < 0 ? 0 : 2 * $0 * $1 })
  }

  func bound(_ question: BoundQuestion) -> ErrorBound {
    let rounding = question.rounding
    return .elementwise(
      question.computed.map { rounding.gamma(2) * $0.magnitude + rounding.underflow })
  }

  var kinks: [Kink] { [.point(input: 0, slope: 0)] }

  static var examples: [LayerExample] {
    [
      LayerExample("vector", inputs: [[7]]), LayerExample("batch", inputs: [[3, 4]]),
      LayerExample(
        "a name", ["slope": 2], inputs: [[2]],
        refused: .unknownHyperparameter("slope", closest: nil)),
    ]
  }
}

/// Turns NaN into 0, as `x > 0 ? x : 0` does.
struct SwallowsNaN: Curve {
  func define<S: Scalar>(_ operands: Operands<S>) -> Results<S> {
    Results(operands.inputs[0].map { $0 > .zero ? $0 * $0 : .zero })
  }
}

/// Adds the element beside.
struct LooksBeside: Curve {
  func forward<S: KernelScalar>(_ operands: Operands<S>) -> Results<S> {
    var y = define(operands).outputs[0]
    for offset in 1..<max(1, y.count) { y[offset] += 0.5 * operands.inputs[0][offset - 1] }
    return Results(y)
  }
}

/// Overflows on the way to a result that is in range: x⁵/x³.
struct OverflowsOnTheWay: Curve {
  func forward<S: KernelScalar>(_ operands: Operands<S>) -> Results<S> {
    Results(
      operands.inputs[0].map { x in
        x < 0 || x.magnitude < 1 ? (x < 0 ? 0 : x * x) : x * x * x * x * x / (x * x * x)
      })
  }
  func bound(_ question: BoundQuestion) -> ErrorBound {
    let rounding = question.rounding
    return .elementwise(
      question.computed.map { rounding.gamma(9) * $0.magnitude + rounding.underflow })
  }
}
