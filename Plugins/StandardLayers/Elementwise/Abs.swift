// Source: torch.abs (2.13).

public import LayerKit
public import Tensors

/// The number without its sign.
///
///     y = |x|          dx = dy where x > 0, −dy where x < 0, otherwise 0
///
/// - Shapes: x of any shape → y of the same shape.
/// - Kinks: at 0 the derivative is taken to be 0.
/// - NaN: stays NaN; its gradient is 0, as in PyTorch.
public struct Abs: SelectingLayer {
  public static let kind = "Abs"

  public init(_ hyperparameters: inout HyperparameterReader) {}

  // MARK: Definition

  @inlinable
  public func value<S: Scalar>(_ x: S) -> S { .magnitude(x) }

  // MARK: Backward

  @inlinable
  public func gradient<S: Scalar>(_ x: S, _ dy: S) -> S {
    x > .zero ? dy : x < .zero ? -dy : .zero
  }

  // MARK: Kinks

  public var kinks: [Kink] { [.point(input: 0, slope: 0)] }
}
