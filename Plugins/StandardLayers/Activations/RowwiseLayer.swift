// The mechanism of the kinds that transform every row along one axis alone: the softmax family. A
// kind states which axis, its function of a row, the gradient of it and what rounding does to
// both; everything else is here, once.

public import Kernels
public import LayerKit
public import Tensors

/// A layer that applies one function to every row of a tensor along one axis.
///
/// - Shapes: x of any shape → y of the same shape.
public protocol RowwiseLayer: Layer {
  /// The registered name of the kind.
  static var kind: String { get }

  /// The axis along which the rows lie; throws `LayerProblem` where the shape does not have it.
  func axis(of shape: Shape) throws -> Int

  /// Overwrites y with the function of the row x.
  func value<S: Scalar>(_ x: [S], _ y: inout [S])

  /// Overwrites dx with the gradient of ⟨y, dy⟩.
  func gradient<S: Scalar>(_ x: [S], _ dy: [S], _ dx: inout [S])

  /// Overwrites `bound` with how far rounding may move y.
  func valueError(_ x: [Double], _ rounding: Rounding, _ bound: inout [Double])

  /// Overwrites `bound` with how far rounding may move dx.
  func gradientError(
    _ x: [Double], _ dy: [Double], _ rounding: Rounding, _ bound: inout [Double])
}

extension RowwiseLayer {
  public static var signature: Signature { Signature(kind: kind) }

  public func outputShapes(_ operands: OperandShapes) throws -> [Shape] {
    _ = try axis(of: operands.inputs[0])
    return operands.inputs
  }

  private func rows(_ shape: Shape) -> AxisRows {
    guard let axis = try? axis(of: shape) else {
      preconditionFailure("the shape \(shape) was not checked")
    }
    return AxisRows(shape, axis: axis)
  }

  public func define<S: Scalar>(_ operands: Operands<S>) -> Results<S> {
    let x = operands.inputs[0]
    return Results(rows(x.shape).map(x, placeholder: .zero) { x, _, y in value(x, &y) })
  }

  public func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> {
    guard wanted.inputs.contains(0) else { return Gradients(inputs: [nil]) }
    let x = operands.inputs[0]
    return Gradients(
      input: rows(x.shape).map(x, upstream[0], placeholder: .zero) { x, dy, dx in
        gradient(x, dy, &dx)
      })
  }

  public func bound(_ question: BoundQuestion) -> ErrorBound {
    let x = question.operands.inputs[0]
    let rounding = question.rounding
    guard case .inputGradient = question.tensor else {
      return .elementwise(
        rows(x.shape).map(x, placeholder: 0) { x, _, bound in valueError(x, rounding, &bound) })
    }
    return .elementwise(
      rows(x.shape).map(x, question.upstream[0], placeholder: 0) { x, dy, bound in
        gradientError(x, dy, rounding, &bound)
      })
  }
}

/// The axis along which a softmax runs: one that a file names, or PyTorch's choice.
public struct SoftmaxAxis: Sendable {
  /// What the file says; negative numbers count from the end, nil is PyTorch's `None`.
  public let dimension: Int?

  init(_ hyperparameters: inout HyperparameterReader) {
    dimension = hyperparameters.optionalInteger("dim", in: dimensionRange)
  }

  /// The axis of a shape.
  ///
  /// Where none is named it is 0 for tensors of no, one and three axes, and 1 for others, as in
  /// PyTorch, which calls that deprecated.
  func axis(of shape: Shape) throws -> Int {
    let implicit = shape.rank == 0 || shape.rank == 1 || shape.rank == 3 ? 0 : 1
    return try shape.axis(dimension ?? implicit, named: "dim")
  }
}

extension LayerExample {
  /// Configurations of a kind that works along the axis `dim`.
  static let rowsAlongAnAxis: [LayerExample] = [
    LayerExample("a scalar", ["dim": 0], inputs: [[]]),
    LayerExample("one row", ["dim": 0], inputs: [[5]]),
    LayerExample("classes, batch of 3", ["dim": 1], inputs: [[3, 4]]),
    LayerExample("along the batch", ["dim": 0], inputs: [[3, 4]]),
    LayerExample("the last axis by -1", ["dim": -1], inputs: [[2, 3, 4]]),
    LayerExample("the channels of an image", ["dim": -3], inputs: [[2, 3, 4, 2]]),
    LayerExample("five axes", ["dim": 2], inputs: [[2, 1, 4, 2, 3]]),
    LayerExample("one class", ["dim": 1], inputs: [[2, 1, 3]]),
    LayerExample("no axis named, a scalar", inputs: [[]]),
    LayerExample("no axis named, one axis", inputs: [[4]]),
    LayerExample("no axis named, two axes", inputs: [[2, 3]]),
    LayerExample("no axis named, three axes", ["dim": "none"], inputs: [[2, 3, 4]]),
    LayerExample("no axis named, four axes", inputs: [[2, 3, 2, 2]]),
    LayerExample("no rows", ["dim": 1], inputs: [[0, 3]]),
    LayerExample(
      "an axis too far", ["dim": 2], inputs: [[3, 4]],
      refused: .outOfRange(hyperparameter: "dim", allowed: "-2 to 1", found: 2)),
    LayerExample(
      "an axis too far from the end", ["dim": -3], inputs: [[3, 4]],
      refused: .outOfRange(hyperparameter: "dim", allowed: "-2 to 1", found: -3)),
  ]
}
