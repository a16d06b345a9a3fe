// Source: torch.mul (2.13), NumPy broadcasting rules.

public import Kernels
public import LayerKit
public import Tensors

/// The product of two or more tensors that broadcast.
///
///     y = x₀·x₁·…          dxₖ = Σ dy·Π_{j≠k} xⱼ over the axes that xₖ was stretched along
///
/// - Shapes: xₖ of any shapes that stretch to a common one → y of that shape.
/// - Kinks: none. Linear in every input separately.
public struct Mul: Layer {
  public static let signature = Signature(
    kind: "Mul", inputs: [.init("input"), .init("other")], repeatsLastInput: true)

  // MARK: Hyper-parameters

  public init(_ hyperparameters: inout HyperparameterReader) {}

  // MARK: Shapes

  public func outputShapes(_ operands: OperandShapes) throws -> [Shape] {
    [try operands.broadcastInputs()]
  }

  // MARK: Definition

  public func define<S: Scalar>(_ operands: Operands<S>) -> Results<S> {
    Results(Broadcasting.define(operands.inputs) { $0 * $1 })
  }

  // MARK: Forward

  public func forward<S: KernelScalar>(_ operands: Operands<S>) -> Results<S> {
    Results(Broadcasting.fold(operands.inputs) { $0 * $1 })
  }

  // MARK: Backward

  public func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> {
    Gradients(
      inputs: operands.inputs.enumerated().map { index, x in
        guard wanted.inputs.contains(index) else { return nil }
        var others = operands.inputs
        others.remove(at: index)
        return Broadcasting.gradient(
          of: x.shape, from: upstream[0], times: Broadcasting.fold(others) { $0 * $1 })
      })
  }

  // MARK: Bound

  /// The bound γ(1)·B of a single product, and γ(m)·B + m·η·A of m roundings in a row.
  ///
  /// y takes n − 1 products; dxₖ takes n − 1 in each term of its sum, and one addition fewer than
  /// terms. B is the operation on absolute values. A product that underflows loses up to η, which
  /// the other factors may magnify: A is the operation on max(1, |x|).
  public func bound(_ question: BoundQuestion) -> ErrorBound {
    var roundings = question.operands.inputs.count - 1
    if case .inputGradient = question.tensor {
      roundings += max(1, question.upstream[0].count / max(1, question.computed.count)) - 1
    }
    guard roundings > 1 else {
      let magnitude = question.computed.mapInParallel { $0.magnitude }
      return .sum(terms: 1, magnitude: magnitude, products: false)
    }
    let enlarged = BoundQuestion(
      question.tensor, operands: question.operands.mapTensors { $0.map { max(1, $0.magnitude) } },
      upstream: question.upstream.map { $0.map { max(1, $0.magnitude) } },
      computed: question.computed, rounding: question.rounding)
    let factor = question.rounding.gamma(roundings)
    let lost = Double(roundings) * question.rounding.underflow
    return .elementwise(
      magnitude(question).zipInParallel(magnitude(enlarged)) { factor * $0 + lost * $1 })
  }

  // MARK: Examples

  public static var examples: [LayerExample] { LayerExample.broadcasting }
}
