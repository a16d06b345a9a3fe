// Source: torch.cat (2.13).

public import Kernels
public import LayerKit
public import Tensors

/// The layer that joins its inputs along one axis.
///
///     y = [x₀ | x₁ | …]          dxₖ = the part of dy where xₖ stands
///
/// - Shapes: xₖ equal but for the axis `dim` → y with the sum of those extents. As in PyTorch, an
///   input of shape [0] fits anywhere and adds nothing.
/// - Kinks: none.
public struct Concat: Layer {
  public static let signature = Signature(kind: "Concat", repeatsLastInput: true)

  // MARK: Hyper-parameters

  /// The axis along which the inputs are joined; 0 by default.
  public let dimension: Int

  public init(_ hyperparameters: inout HyperparameterReader) {
    dimension = hyperparameters.integer("dim", default: 0, in: dimensionRange)
  }

  // MARK: Shapes

  public func outputShapes(_ operands: OperandShapes) throws -> [Shape] {
    let leading = operands.inputs.first { !Self.addsNothing($0) } ?? operands.inputs[0]
    guard leading.rank > 0 else {
      throw LayerProblem.wrongShape(
        tensor: "input.0", expected: "at least one axis", found: leading)
    }
    let axis = try leading.axis(dimension, named: "dim")
    var extents = leading.extents
    extents[axis] = 0
    for (index, shape) in operands.inputs.enumerated() where !Self.addsNothing(shape) {
      var others = shape.extents
      if axis < others.count { others[axis] = leading[axis] }
      guard others == leading.extents else {
        throw LayerProblem.wrongShape(
          tensor: "input.\(index)", expected: "\(leading) but for axis \(axis)", found: shape)
      }
      extents[axis] += shape[axis]
    }
    return [Shape(extents)]
  }

  private static func addsNothing(_ shape: Shape) -> Bool { shape == [0] }

  /// The output's shape, axis, and the extent of every input along the axis.
  private func layout(_ inputs: [Shape]) -> (shape: Shape, axis: Int, extents: [Int]) {
    guard let shape = try? outputShapes(OperandShapes(inputs: inputs))[0],
      let axis = shape.axis(dimension)
    else { preconditionFailure("Concat was given \(inputs), which its shape rule refuses") }
    return (shape, axis, inputs.map { Self.addsNothing($0) ? 0 : $0[axis] })
  }

  /// The part of the output where each input stands.
  private func ranges(_ extents: [Int]) -> [AxisRange] {
    var start = 0
    return extents.map { extent in
      defer { start += extent }
      return AxisRange(start: start, count: extent)
    }
  }

  // MARK: Definition

  public func define<S: Scalar>(_ operands: Operands<S>) -> Results<S> {
    let (shape, axis, extents) = layout(operands.inputs.map(\.shape))
    var y = Tensor(shape, repeating: S.zero)
    for (x, range) in zip(operands.inputs, ranges(extents)) where range.count > 0 {
      y.replace(range, along: axis, with: x)
    }
    return Results(y)
  }

  // MARK: Backward

  public func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> {
    let (_, axis, extents) = layout(operands.inputs.map(\.shape))
    return Gradients(
      inputs: zip(operands.inputs, ranges(extents)).enumerated().map { index, piece in
        guard wanted.inputs.contains(index) else { return nil }
        return upstream[0].selected(piece.1, along: axis).reshaped(to: piece.0.shape)
      })
  }

  // MARK: Bound

  public func bound(_ question: BoundQuestion) -> ErrorBound { .exact }

  // MARK: Examples

  public static var examples: [LayerExample] {
    [
      LayerExample("along the batch", inputs: [[2, 3], [1, 3]]),
      LayerExample("channels", ["dim": 1], inputs: [[2, 3, 2, 3], [2, 1, 2, 3], [2, 4, 2, 3]]),
      LayerExample("the last axis by -1", ["dim": -1], inputs: [[2, 3], [2, 5]]),
      LayerExample("one input", inputs: [[2, 3, 4]]),
      LayerExample("one axis", inputs: [[3], [4]]),
      LayerExample("five axes", ["dim": -2], inputs: [[2, 1, 3, 2, 2], [2, 1, 3, 1, 2]]),
      LayerExample("an input without elements", ["dim": 1], inputs: [[2, 3], [0], [2, 2]]),
      LayerExample(
        "scalars", inputs: [[], []],
        refused: .wrongShape(tensor: "input.0", expected: "at least one axis", found: [])),
      LayerExample(
        "an axis too far", ["dim": 2], inputs: [[2, 3], [2, 3]],
        refused: .outOfRange(hyperparameter: "dim", allowed: "-2 to 1", found: 2)),
      LayerExample(
        "extents that do not fit", ["dim": 1], inputs: [[2, 3], [3, 3]],
        refused: .wrongShape(
          tensor: "input.1", expected: "[2, 3] but for axis 1", found: [3, 3])),
      LayerExample(
        "ranks that do not fit", inputs: [[2, 3], [2, 3, 1]],
        refused: .wrongShape(
          tensor: "input.1", expected: "[2, 3] but for axis 0", found: [2, 3, 1])),
      LayerExample(
        "no input", inputs: [], refused: .inputCount(allowed: 1...(.max), found: 0)),
    ]
  }
}
