// Source: Python's slices, as torch tensors have them (2.13): x[start:stop:step] along one axis.

public import Kernels
public import LayerKit
public import Tensors

/// The layer that picks evenly spaced positions along one axis.
///
///     y[…, k, …] = x[…, start + k·step, …]          dx is dy at these positions and 0 elsewhere
///
/// - Shapes: x [a, b] → y [⌈(stop − start)/step⌉, b], or with no positions where that is negative.
///   Negative positions count from the end; those outside of the axis stand for its ends.
/// - Kinks: none.
public struct Slice: Layer {
  public static let signature = Signature(kind: "Slice")

  // MARK: Hyper-parameters

  /// The axis; 0 by default.
  public let dimension: Int
  /// The first position; 0 by default.
  public let start: Int
  /// The position before which it ends; nil, the default, for the end of the axis.
  public let stop: Int?
  /// The distance of two positions, at least 1; 1 by default.
  public let step: Int

  public init(_ hyperparameters: inout HyperparameterReader) {
    dimension = hyperparameters.integer("dim", default: 0, in: dimensionRange)
    start = hyperparameters.optionalInteger("start", default: 0, in: .min...(.max)) ?? 0
    stop = hyperparameters.optionalInteger("stop", in: .min...(.max))
    step = hyperparameters.optionalInteger("step", default: 1, in: 1...(.max)) ?? 1
  }

  // MARK: Shapes

  public func outputShapes(_ operands: OperandShapes) throws -> [Shape] {
    let input = operands.inputs[0]
    guard input.rank > 0 else {
      throw LayerProblem.wrongShape(tensor: "input", expected: "at least one axis", found: input)
    }
    var extents = input.extents
    let axis = try input.axis(dimension, named: "dim")
    extents[axis] = range(extents[axis]).count
    return [Shape(extents)]
  }

  /// The positions along an axis.
  private func range(_ extent: Int) -> AxisRange {
    func position(_ stated: Int) -> Int {
      stated < 0 ? max(0, stated + extent) : min(stated, extent)
    }
    let first = position(start)
    let length = max(0, position(stop ?? extent) - first)
    return AxisRange(start: first, count: length / step + (length % step == 0 ? 0 : 1), step: step)
  }

  private func place(_ shape: Shape) -> (axis: Int, range: AxisRange) {
    let axis = established { try shape.axis(dimension, named: "dim") }
    return (axis, range(shape[axis]))
  }

  // MARK: Definition

  public func define<S: Scalar>(_ operands: Operands<S>) -> Results<S> {
    let x = operands.inputs[0]
    let (axis, range) = place(x.shape)
    return Results(x.selected(range, along: axis))
  }

  // MARK: Backward

  public func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> {
    var dx = Tensor(operands.inputs[0].shape, repeating: S.zero)
    let (axis, range) = place(dx.shape)
    dx.replace(range, along: axis, with: upstream[0])
    return Gradients(input: dx)
  }

  // MARK: Bound

  public func bound(_ question: BoundQuestion) -> ErrorBound { .exact }

  // MARK: Examples

  public static var examples: [LayerExample] {
    [
      LayerExample("everything", inputs: [[3, 4]]),
      LayerExample("the first samples", ["stop": 2], inputs: [[5, 2, 3, 2]]),
      LayerExample(
        "every second column, from the end",
        ["dim": -1, "start": -6, "stop": -1, "step": 2], inputs: [[2, 3, 7]]),
      LayerExample(
        "a step that does not divide", ["dim": 1, "start": 1, "step": 3], inputs: [[2, 9, 2]]),
      LayerExample(
        "beyond both ends", ["start": -100, "stop": 100, "step": 2], inputs: [[5]]),
      LayerExample("nothing", ["dim": 1, "start": 3, "stop": 1], inputs: [[2, 4]]),
      LayerExample(
        "as far as integers go",
        ["start": .integer(.min), "stop": .integer(1 << 62), "step": .integer(1 << 62)],
        inputs: [[3, 2]]),
      LayerExample(
        "the end by name", ["start": 1, "stop": "none", "dim": 4], inputs: [[2, 1, 2, 1, 3]]),
      LayerExample("no sample", ["dim": 1, "stop": 1], inputs: [[0, 3]]),
      LayerExample(
        "backwards", ["step": -1], inputs: [[3]],
        refused: .outOfRange(hyperparameter: "step", allowed: "1 or more", found: -1)),
      LayerExample(
        "an axis too far", ["dim": 1], inputs: [[3]],
        refused: .outOfRange(hyperparameter: "dim", allowed: "-1 to 0", found: 1)),
      LayerExample(
        "a scalar", inputs: [[]],
        refused: .wrongShape(tensor: "input", expected: "at least one axis", found: [])),
    ]
  }
}
