// Source: torch.nn.Hardshrink (2.13).

public import LayerKit
public import Tensors

/// The layer that makes small numbers zero and keeps the others as they are.
///
///     y = x where |x| > λ, otherwise 0          dx = dy where |x| > λ, otherwise 0
///
/// - Shapes: x of any shape → y of the same shape.
/// - Kinks: the function jumps at ±λ, where value and derivative are 0.
/// - NaN: stays NaN; its gradient is 0, as in PyTorch's vectorised code.
public struct Hardshrink: SelectingLayer {
  public static let kind = "Hardshrink"

  // MARK: Hyper-parameters

  /// λ, 0.5 by default; where it is negative every number is kept.
  public let lambda: Double

  public init(_ hyperparameters: inout HyperparameterReader) {
    lambda = hyperparameters.real("lambd", default: 0.5)
  }

  @usableFromInline
  init(lambda: Double) { self.lambda = lambda }

  @inlinable
  public func rounded(to format: NumberFormat) -> Hardshrink {
    Hardshrink(lambda: format.rounded(lambda))
  }

  // MARK: Definition

  @inlinable
  public func value<S: Scalar>(_ x: S) -> S { isKept(x) || x.isNaN ? x : .zero }

  // MARK: Backward

  @inlinable
  public func gradient<S: Scalar>(_ x: S, _ dy: S) -> S { isKept(x) ? dy : .zero }

  @inlinable
  func isKept<S: Scalar>(_ x: S) -> Bool { x > S(lambda) || x < S(-lambda) }

  // MARK: Kinks

  public var kinks: [Kink] {
    lambda < 0 ? [] : [.point(input: -lambda, slope: 0), .point(input: lambda, slope: 0)]
  }

  // MARK: Examples

  public static var examples: [LayerExample] {
    shapeExamples("default")
      + shapeExamples("lambd 0.3", ["lambd": 0.3])
      + shapeExamples("negative lambd", ["lambd": -1])
      + refusedExamples
  }
}
