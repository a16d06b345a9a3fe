// Source: torch.nn.Softmax (2.13).

public import LayerKit
public import Tensors

/// The softmax function along one axis.
///
///     p = e^(x − max x) / Σ e^(x − max x)          dx = p·(dy − ⟨p, dy⟩)
///
/// The sum and the product ⟨p, dy⟩ run along the axis: the layer is not elementwise, and its
/// Jacobian diag(p) − ppᵀ is no diagonal.
///
/// - Shapes: x of any shape → p of the same shape.
/// - Kinks: none. A NaN or +∞ makes its row NaN.
public struct Softmax: SoftmaxLayer {
  public static let kind = "Softmax"

  // MARK: Hyper-parameters

  /// `dim`: the axis along which the results add up to 1.
  public let dimension: SoftmaxAxis

  public init(_ hyperparameters: inout HyperparameterReader) {
    dimension = SoftmaxAxis(&hyperparameters)
  }

  // MARK: Shapes

  public func axis(of shape: Shape) throws -> Int { try dimension.axis(of: shape) }

  // MARK: Examples

  public static var examples: [LayerExample] { LayerExample.rowsAlongAnAxis }
}
