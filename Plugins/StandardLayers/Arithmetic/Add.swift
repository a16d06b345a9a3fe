// Source: torch.add (2.13), NumPy broadcasting rules.

public import Kernels
public import LayerKit
public import Tensors

/// The sum of two or more tensors that broadcast.
///
///     y = x₀ + x₁ + …          dxₖ = Σ dy over the axes that xₖ was stretched along
///
/// - Shapes: xₖ of any shapes that stretch to a common one → y of that shape.
/// - Kinks: none. Linear in every input.
public struct Add: Layer {
  public static let signature = Signature(
    kind: "Add", inputs: [.init("input"), .init("other")], repeatsLastInput: true)

  // MARK: Hyper-parameters

  public init(_ hyperparameters: inout HyperparameterReader) {}

  // MARK: Shapes

  public func outputShapes(_ operands: OperandShapes) throws -> [Shape] {
    [try operands.broadcastInputs()]
  }

  // MARK: Definition

  public func define<S: Scalar>(_ operands: Operands<S>) -> Results<S> {
    Results(Broadcasting.define(operands.inputs) { $0 + $1 })
  }

  // MARK: Forward

  public func forward<S: KernelScalar>(_ operands: Operands<S>) -> Results<S> {
    Results(operands.inputs.dropFirst().reduce(operands.inputs[0]) { Broadcasting.sum($0, $1) })
  }

  // MARK: Backward

  public func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> {
    Gradients(
      inputs: operands.inputs.enumerated().map { index, x in
        guard wanted.inputs.contains(index) else { return nil }
        return Broadcasting.gradient(of: x.shape, from: upstream[0])
      })
  }

  // MARK: Bound

  /// The bounds of y, γ(n − 1)·Σ|xₖ|, and of the sum dxₖ; a dxₖ without a sum is dy itself.
  ///
  /// A reference of 16 bits rounds each of several partial sums to its own format.
  public func bound(_ question: BoundQuestion) -> ErrorBound {
    guard case .inputGradient(let index) = question.tensor else {
      let inputs = question.operands.inputs
      let magnitude = inputs.dropFirst().reduce(inputs[0]) { Broadcasting.magnitudeSum($0, $1) }
      guard inputs.count > 2 else {
        return .sum(terms: 1, magnitude: magnitude, products: false)
      }
      let factor = question.rounding.gamma(inputs.count - 1)
      return .elementwise(magnitude.mapInParallel { factor * $0 })
    }
    return question.stretchingBound(ofInput: index)
  }

  // MARK: Examples

  public static var examples: [LayerExample] { LayerExample.broadcasting }
}
