// Source: torch.div without a rounding mode (2.13), NumPy broadcasting rules.

public import Kernels
public import LayerKit
public import Tensors

/// The quotient of two tensors that broadcast.
///
///     y = a / b          da = Σ dy/b, db = −Σ dy·(a/b)/b over the axes that each was stretched along
///
/// - Shapes: a and b of any shapes that stretch to a common one → y of that shape.
/// - Kinks: none. Where b = 0, y is infinite or NaN, and so are the gradients.
public struct Div: Layer {
  public static let signature = Signature(
    kind: "Div", inputs: [.init("input"), .init("other")])

  // MARK: Hyper-parameters

  public init(_ hyperparameters: inout HyperparameterReader) {}

  // MARK: Shapes

  public func outputShapes(_ operands: OperandShapes) throws -> [Shape] {
    [try operands.broadcastInputs()]
  }

  // MARK: Definition

  public func define<S: Scalar>(_ operands: Operands<S>) -> Results<S> {
    Results(Broadcasting.define(operands.inputs) { $0 / $1 })
  }

  // MARK: Forward

  public func forward<S: KernelScalar>(_ operands: Operands<S>) -> Results<S> {
    Results(Broadcasting.fold(operands.inputs) { $0 / $1 })
  }

  // MARK: Backward

  public func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> {
    let (a, b) = (operands.inputs[0], operands.inputs[1])
    let dy = upstream[0]
    func da() -> Tensor<S> {
      Broadcasting.gradient(of: a.shape, from: Broadcasting.combine(dy, b) { $0 / $1 })
    }
    func db() -> Tensor<S> {
      let y = Broadcasting.combine(a, b) { $0 / $1 }
      let slope = Broadcasting.combine(y, b) { -$0 / $1 }
      return Broadcasting.gradient(of: b.shape, from: dy.zipInParallel(slope) { $0 * $1 })
    }
    return Gradients(
      inputs: [
        wanted.inputs.contains(0) ? da() : nil, wanted.inputs.contains(1) ? db() : nil,
      ])
  }

  // MARK: Bound

  /// The bounds of the quotient and of both sums, with what underflow may lose on the way.
  ///
  /// - y = fl(a/b): u·|y| + η.
  /// - da, t terms: one division each, t − 1 additions: γ(t)·Σ|dy/b| + t·η.
  /// - db, t terms: three roundings each, whatever the order of dy·a/b/b, t − 1 additions:
  ///   γ(t + 2)·Σ|dy·a/b²|. An intermediate result (a/b, dy·a, 1/b, …) that underflows is off by
  ///   η, which the factors that follow may magnify: at most to η·m, once for each of the three
  ///   operations, m = max(1, |dy|)·max(1, |a|)·max(1, 1/|b|)². The same covers b² that
  ///   overflows, since then |dy·a/b²| itself is below η·|dy·a|. No intermediate result is above
  ///   m; where m is near the largest number, one may overflow, or b² be subnormal, and nothing
  ///   can be promised.
  public func bound(_ question: BoundQuestion) -> ErrorBound {
    let (a, b) = (question.operands.inputs[0], question.operands.inputs[1])
    let (unit, underflow) = (question.rounding.unit, question.rounding.underflow)
    let largest = question.operands.format.largestFinite
    guard case .inputGradient(let index) = question.tensor else {
      return .elementwise(
        question.computed.mapInParallel {
          $0.magnitude > largest ? .infinity : 1.01 * unit * $0.magnitude + underflow
        })
    }
    let dy = question.upstream[0]
    let shape = question.operands.inputs[index].shape
    let terms = dy.count / max(1, shape.count)
    let gamma = question.rounding.gamma(index == 0 ? terms : terms + 2)
    if index == 0 {
      let errors = Broadcasting.combine(dy, b) { dy, b in
        let quotient = (dy / b).magnitude
        return quotient > largest ? .infinity : gamma * quotient + underflow
      }
      return .elementwise(Broadcasting.gradient(of: shape, from: errors))
    }
    let slopes = Broadcasting.combine(a, b) { ($0 / $1 / $1).magnitude }
    let extremes = Broadcasting.combine(a, b) { a, b in
      let reciprocal = max(1, 1 / b.magnitude)
      return max(1, a.magnitude) * reciprocal * reciprocal
    }
    let errors = dy.zipInParallel(slopes) { gamma * $0.magnitude * $1 }
      .zipInParallel(dy.zipInParallel(extremes) { max(1, $0.magnitude) * $1 }) { error, extreme in
        extreme > largest / 4 ? .infinity : error + 3 * underflow * extreme
      }
    return .elementwise(Broadcasting.gradient(of: shape, from: errors))
  }

  // MARK: Examples

  public static var examples: [LayerExample] { LayerExample.broadcastingPairs }
}
