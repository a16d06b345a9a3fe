// Source: torch.nn.ReLU (2.13).

public import LayerKit
public import Tensors

/// The rectified linear unit: negative numbers become zero.
///
///     y = max(0, x)          dx = dy where x > 0, otherwise 0
///
/// - Shapes: x of any shape → y of the same shape.
/// - Kinks: at 0 the derivative is taken to be 0.
/// - NaN: stays NaN; its gradient passes, as in PyTorch.
public struct ReLU: SelectingLayer {
  public static let kind = "ReLU"

  // MARK: Hyper-parameters

  public init(_ hyperparameters: inout HyperparameterReader) {
    hyperparameters.ignore("inplace")
  }

  // MARK: Definition

  @inlinable
  public func value<S: Scalar>(_ x: S) -> S { .maximum(.zero, x) }

  // MARK: Backward

  @inlinable
  public func gradient<S: Scalar>(_ x: S, _ dy: S) -> S { x > .zero || x.isNaN ? dy : .zero }

  // MARK: Kinks

  public var kinks: [Kink] { [.point(input: 0, slope: 0)] }
}
