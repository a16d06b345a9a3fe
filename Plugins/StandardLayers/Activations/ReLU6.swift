// Source: torch.nn.ReLU6 (2.13).

public import LayerKit
public import Tensors

/// The rectified linear unit with a ceiling at 6.
///
///     y = min(max(0, x), 6)          dx = dy where 0 < x < 6, otherwise 0
///
/// - Shapes: x of any shape → y of the same shape.
/// - Kinks: at 0 and at 6 the derivative is taken to be that of the outer side, 0.
/// - NaN: stays NaN; its gradient is 0, as in PyTorch's vectorised code.
public struct ReLU6: SelectingLayer {
  public static let kind = "ReLU6"

  // MARK: Hyper-parameters

  public init(_ hyperparameters: inout HyperparameterReader) {
    hyperparameters.ignore("inplace")
  }

  // MARK: Definition

  @inlinable
  public func value<S: Scalar>(_ x: S) -> S {
    let rectified = S.maximum(.zero, x)
    let ceiling = S(6)
    return rectified < ceiling || rectified.isNaN ? rectified : ceiling
  }

  // MARK: Backward

  @inlinable
  public func gradient<S: Scalar>(_ x: S, _ dy: S) -> S {
    x > .zero && x < S(6) ? dy : .zero
  }

  // MARK: Kinks

  public var kinks: [Kink] { [.point(input: 0, slope: 0), .point(input: 6, slope: 0)] }
}
