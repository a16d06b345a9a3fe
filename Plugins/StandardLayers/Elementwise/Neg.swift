// Source: torch.neg (2.13).

public import LayerKit
public import Tensors

/// The number with the other sign.
///
///     y = −x          dx = −dy
///
/// - Shapes: x of any shape → y of the same shape.
/// - Kinks: none. NaN stays NaN.
public struct Neg: SelectingLayer {
  public static let kind = "Neg"

  public init(_ hyperparameters: inout HyperparameterReader) {}

  // MARK: Definition

  @inlinable
  public func value<S: Scalar>(_ x: S) -> S { -x }

  // MARK: Backward

  @inlinable
  public func gradient<S: Scalar>(_ x: S, _ dy: S) -> S { -dy }
}
