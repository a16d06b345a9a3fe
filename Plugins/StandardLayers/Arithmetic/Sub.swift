// Source: torch.sub (2.13), NumPy broadcasting rules.

public import Kernels
public import LayerKit
public import Tensors

/// The difference of two tensors that broadcast.
///
///     y = a − b          da = Σ dy, db = −Σ dy over the axes that each was stretched along
///
/// - Shapes: a and b of any shapes that stretch to a common one → y of that shape.
/// - Kinks: none. Linear in both inputs.
public struct Sub: Layer {
  public static let signature = Signature(
    kind: "Sub", inputs: [.init("input"), .init("other")])

  // MARK: Hyper-parameters

  public init(_ hyperparameters: inout HyperparameterReader) {}

  // MARK: Shapes

  public func outputShapes(_ operands: OperandShapes) throws -> [Shape] {
    [try operands.broadcastInputs()]
  }

  // MARK: Definition

  public func define<S: Scalar>(_ operands: Operands<S>) -> Results<S> {
    Results(Broadcasting.define(operands.inputs) { $0 - $1 })
  }

  // MARK: Forward

  public func forward<S: KernelScalar>(_ operands: Operands<S>) -> Results<S> {
    Results(Broadcasting.fold(operands.inputs) { $0 - $1 })
  }

  // MARK: Backward

  public func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> {
    Gradients(
      inputs: operands.inputs.enumerated().map { index, x in
        guard wanted.inputs.contains(index) else { return nil }
        let sum = Broadcasting.gradient(of: x.shape, from: upstream[0])
        return index == 0 ? sum : sum.mapInParallel { -$0 }
      })
  }

  // MARK: Bound

  /// One rounding of y, γ(1)·(|a| + |b|), and the sums of the gradients.
  public func bound(_ question: BoundQuestion) -> ErrorBound {
    guard case .inputGradient(let index) = question.tensor else {
      let magnitude = Broadcasting.fold(question.operands.inputs) { $0.magnitude + $1.magnitude }
      return .sum(terms: 1, magnitude: magnitude, products: false)
    }
    return question.stretchingBound(ofInput: index)
  }

  // MARK: Examples

  public static var examples: [LayerExample] { LayerExample.broadcastingPairs }
}
