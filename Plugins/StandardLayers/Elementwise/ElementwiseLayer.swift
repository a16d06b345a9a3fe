// The mechanism of all layers that apply one function to every element alone. A kind states its
// function, the gradient of it and what rounding does to both; everything else is here, once.

public import Kernels
public import LayerKit
public import Tensors

/// A layer that applies one function of one number to every element: y = f(x).
///
/// - Shapes: x of any shape → y of the same shape.
/// - NaN: f(NaN) must be NaN.
public protocol ElementwiseLayer: Layer {
  /// The registered name of the kind.
  static var kind: String { get }

  /// y = f(x).
  func value<S: Scalar>(_ x: S) -> S

  /// dx = f′(x)·dy, with the documented choice where f has no derivative.
  ///
  /// Where f′ is 0 or 1 everywhere, choose instead of multiplying: 0·∞ is NaN.
  func gradient<S: Scalar>(_ x: S, _ dy: S) -> S

  /// How far rounding may move f(x).
  func valueError(_ x: Double, _ rounding: Rounding) -> Double

  /// How far rounding may move f′(x)·dy.
  func gradientError(_ x: Double, _ dy: Double, _ rounding: Rounding) -> Double

  /// The same function with its constants rounded as the reference rounds them.
  ///
  /// The default is the function itself, for kinds without constants or with exact ones.
  func rounded(to format: NumberFormat) -> Self
}

extension ElementwiseLayer {
  public static var signature: Signature { Signature(kind: kind, traits: .elementwise) }

  public func outputShapes(_ operands: OperandShapes) throws -> [Shape] { operands.inputs }

  @inlinable
  public func rounded(to format: NumberFormat) -> Self { self }

  @inlinable
  public func define<S: Scalar>(_ operands: Operands<S>) -> Results<S> {
    let function = rounded(to: operands.format)
    return Results(operands.inputs[0].map { function.value($0) })
  }

  @inlinable
  public func forward<S: KernelScalar>(_ operands: Operands<S>) -> Results<S> {
    let function = rounded(to: operands.format)
    return Results(
      operands.inputs[0].mapBlocks { x, y, count in
        for i in 0..<count { y[i] = function.value(x[i]) }
      })
  }

  @inlinable
  public func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> {
    guard wanted.inputs.contains(0) else { return Gradients(inputs: [nil]) }
    let function = rounded(to: operands.format)
    return Gradients(
      input: operands.inputs[0].zipBlocks(upstream[0]) { x, dy, dx, count in
        for i in 0..<count { dx[i] = function.gradient(x[i], dy[i]) }
      })
  }

  @inlinable
  public func bound(_ question: BoundQuestion) -> ErrorBound {
    let function = rounded(to: question.operands.format)
    let rounding = question.rounding
    let x = question.operands.inputs[0]
    switch question.tensor {
    case .inputGradient:
      return .elementwise(
        x.zipBlocks(question.upstream[0]) { x, dy, limits, count in
          for i in 0..<count { limits[i] = function.gradientError(x[i], dy[i], rounding) }
        })
    case .output, .parameterGradient, .buffer:
      return .elementwise(
        x.mapBlocks { x, limits, count in
          for i in 0..<count { limits[i] = function.valueError(x[i], rounding) }
        })
    }
  }

  public static var examples: [LayerExample] { shapeExamples() + refusedExamples }

  /// One configuration on a tensor of every rank from 0 to 5.
  public static func shapeExamples(
    _ name: String = "any rank", _ hyperparameters: [String: HyperparameterValue] = [:]
  ) -> [LayerExample] {
    let shapes: [Shape] = [[], [7], [3, 5], [2, 3, 4], [2, 3, 5, 4], [2, 1, 3, 2, 4]]
    return shapes.map {
      LayerExample("\(name), rank \($0.rank)", hyperparameters, inputs: [$0])
    }
  }

  /// What every kind refuses: a name that it does not have.
  public static var refusedExamples: [LayerExample] {
    [
      LayerExample(
        "an unknown hyper-parameter", ["exponent": 2], inputs: [[2]],
        refused: .unknownHyperparameter("exponent", closest: nil))
    ]
  }
}

extension Rounding {
  /// Whether a number is beyond, or near, the largest of the format: 4/η in each format.
  ///
  /// Where an intermediate result may be infinite, nothing is promised.
  @inlinable
  func mayOverflow(_ x: Double) -> Bool { !(x.magnitude * underflow < 0.9 * 4) }
}

/// An elementwise layer whose results are selected from its operands and constants: no result
/// is rounded, so equal bits are owed.
public protocol SelectingLayer: ElementwiseLayer {}

extension SelectingLayer {
  public func valueError(_ x: Double, _ rounding: Rounding) -> Double { 0 }

  public func gradientError(_ x: Double, _ dy: Double, _ rounding: Rounding) -> Double { 0 }

  public func bound(_ question: BoundQuestion) -> ErrorBound { .exact }
}
