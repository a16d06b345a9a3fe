// Source: torch.nn.Softmin (2.13).

public import LayerKit
public import Tensors

/// The softmax function of the negated numbers along one axis.
///
///     p = e^(min x − x) / Σ e^(min x − x)          dx = −p·(dy − ⟨p, dy⟩)
///
/// - Shapes: x of any shape → p of the same shape.
/// - Kinks: none. A NaN or −∞ makes its row NaN.
public struct Softmin: SoftmaxLayer {
  public static let kind = "Softmin"
  public static let negatesInput = true

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
