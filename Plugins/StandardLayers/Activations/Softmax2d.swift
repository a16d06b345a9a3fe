// Source: torch.nn.Softmax2d (2.13).

public import LayerKit
public import Tensors

/// The softmax function over the channels of every pixel.
///
///     p[c] = e^(x[c] − max x) / Σ e^(x[c] − max x)          dx = p·(dy − ⟨p, dy⟩)
///
/// - Shapes: x [N, C, H, W] or [C, H, W] → p of the same shape.
/// - Kinks: none. A NaN or +∞ makes its pixel NaN.
public struct Softmax2d: SoftmaxLayer {
  public static let kind = "Softmax2d"

  // MARK: Hyper-parameters

  public init(_ hyperparameters: inout HyperparameterReader) {}

  // MARK: Shapes

  public func axis(of shape: Shape) throws -> Int {
    guard shape.rank == 3 || shape.rank == 4 else {
      throw LayerProblem.wrongShape(
        tensor: "input", expected: "(N, C, H, W) or (C, H, W)", found: shape)
    }
    return shape.rank - 3
  }

  // MARK: Examples

  public static var examples: [LayerExample] {
    [
      LayerExample("images", inputs: [[2, 3, 4, 5]]),
      LayerExample("one image", inputs: [[3, 2, 4]]),
      LayerExample("one channel", inputs: [[2, 1, 2, 3]]),
      LayerExample("no images", inputs: [[0, 3, 2, 2]]),
      LayerExample(
        "a matrix", inputs: [[3, 4]],
        refused: .wrongShape(
          tensor: "input", expected: "(N, C, H, W) or (C, H, W)", found: [3, 4])),
      LayerExample(
        "an axis", ["dim": 1], inputs: [[2, 3, 4, 5]],
        refused: .unknownHyperparameter("dim", closest: nil)),
    ]
  }
}
