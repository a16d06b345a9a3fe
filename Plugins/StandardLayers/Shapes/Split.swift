// Source: torch.split (2.13).

public import Kernels
public import LayerKit
public import Tensors

/// The layer that cuts its input into pieces along one axis.
///
///     x = [y₀ | y₁ | …]          dx = [dy₀ | dy₁ | …]
///
/// - Shapes: x → one output for each piece, with its own extent along the axis `dim`.
/// - Kinks: none.
public struct Split: Layer {
  public static let signature = Signature(kind: "Split")

  // MARK: Hyper-parameters

  /// The extent of each piece; a single number is the extent of all, but for a shorter last one.
  public let sizes: [Int]
  /// The axis that is cut; 0 by default.
  public let dimension: Int

  public init(_ hyperparameters: inout HyperparameterReader) {
    let before = hyperparameters.problems.count
    sizes = hyperparameters.optionalIntegers("split_sizes", in: 0...(.max)) ?? []
    if sizes.isEmpty, hyperparameters.problems.count == before {
      hyperparameters.report(.missingHyperparameter("split_sizes"))
    }
    dimension = hyperparameters.integer("dim", default: 0, in: dimensionRange)
  }

  // MARK: Shapes

  public func outputShapes(_ operands: OperandShapes) throws -> [Shape] {
    let input = operands.inputs[0]
    let (axis, ranges) = try pieces(input)
    return ranges.map { range in
      var extents = input.extents
      extents[axis] = range.count
      return Shape(extents)
    }
  }

  /// The most pieces: more than any network has consumers for.
  private static let mostPieces = 1 << 16

  /// The axis, and where each piece stands along it.
  private func pieces(_ input: Shape) throws -> (axis: Int, ranges: [AxisRange]) {
    guard input.rank > 0 else {
      throw LayerProblem.wrongShape(tensor: "input", expected: "at least one axis", found: input)
    }
    let axis = try input.axis(dimension, named: "dim")
    let extent = input[axis]
    if sizes.count == 1 {
      let size = sizes[0]
      guard size > 0 || extent == 0, extent <= size.multipliedOrMax(by: Self.mostPieces) else {
        throw LayerProblem.outOfRange(
          hyperparameter: "split_sizes",
          allowed: "a size that makes at most \(Self.mostPieces) pieces of the extent \(extent)",
          found: .integer(size))
      }
      guard size < extent else { return (axis, [AxisRange(start: 0, count: extent)]) }
      return (
        axis,
        stride(from: 0, to: extent, by: size).map {
          AxisRange(start: $0, count: min(size, extent - $0))
        }
      )
    }
    var ranges: [AxisRange] = []
    var start = 0
    for size in sizes where size <= extent - start {
      ranges.append(AxisRange(start: start, count: size))
      start += size
    }
    guard ranges.count == sizes.count, start == extent else {
      throw LayerProblem.contradiction(
        hyperparameter: "split_sizes", declared: .list(sizes.map { .integer($0) }),
        tensors: .integer(extent))
    }
    return (axis, ranges)
  }

  // MARK: Definition

  public func define<S: Scalar>(_ operands: Operands<S>) -> Results<S> {
    let x = operands.inputs[0]
    let (axis, ranges) = established { try pieces(x.shape) }
    return Results(ranges.map { x.selected($0, along: axis) })
  }

  // MARK: Backward

  public func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> {
    let shape = operands.inputs[0].shape
    let (axis, ranges) = established { try pieces(shape) }
    var dx = Tensor(shape, repeating: S.zero)
    for (dy, range) in zip(upstream, ranges) { dx.replace(range, along: axis, with: dy) }
    return Gradients(input: dx)
  }

  // MARK: Bound

  public func bound(_ question: BoundQuestion) -> ErrorBound { .exact }

  // MARK: Examples

  public static var examples: [LayerExample] {
    [
      LayerExample("equal pieces", ["split_sizes": 2], inputs: [[6, 3]]),
      LayerExample("a shorter last piece", ["split_sizes": 2, "dim": 1], inputs: [[2, 5, 2, 3]]),
      LayerExample(
        "a list", ["split_sizes": [1, 0, 3, 2], "dim": -2], inputs: [[2, 3, 6, 2]]),
      LayerExample("one piece", ["split_sizes": 9, "dim": 1], inputs: [[2, 3]]),
      LayerExample("five axes", ["split_sizes": [1, 1], "dim": 3], inputs: [[2, 1, 3, 2, 2]]),
      LayerExample("no sample", ["split_sizes": [1, 2], "dim": 1], inputs: [[0, 3]]),
      LayerExample("nothing to cut", ["split_sizes": 0], inputs: [[0, 3]]),
      LayerExample("no sizes", inputs: [[4]], refused: .missingHyperparameter("split_sizes")),
      LayerExample(
        "pieces of nothing", ["split_sizes": 0], inputs: [[4]],
        refused: .outOfRange(
          hyperparameter: "split_sizes",
          allowed: "a size that makes at most 65536 pieces of the extent 4", found: 0)),
      LayerExample(
        "a negative size", ["split_sizes": [5, -1]], inputs: [[4]],
        refused: .outOfRange(
          hyperparameter: "split_sizes", allowed: "0 or more", found: [5, -1])),
      LayerExample(
        "another sum", ["split_sizes": [1, 2], "dim": 1], inputs: [[2, 4]],
        refused: .contradiction(hyperparameter: "split_sizes", declared: [1, 2], tensors: 4)),
      LayerExample(
        "sizes beyond all integers",
        ["split_sizes": [.integer(.max), .integer(.max), 6]], inputs: [[4]],
        refused: .contradiction(
          hyperparameter: "split_sizes", declared: [.integer(.max), .integer(.max), 6],
          tensors: 4)),
      LayerExample(
        "an axis too far", ["split_sizes": 1, "dim": 1], inputs: [[4]],
        refused: .outOfRange(hyperparameter: "dim", allowed: "-1 to 0", found: 1)),
      LayerExample(
        "a scalar", ["split_sizes": 1], inputs: [[]],
        refused: .wrongShape(tensor: "input", expected: "at least one axis", found: [])),
    ]
  }
}

extension Int {
  /// The product, or the largest integer where it does not fit.
  fileprivate func multipliedOrMax(by factor: Int) -> Int {
    let (product, overflow) = multipliedReportingOverflow(by: factor)
    return overflow ? .max : product
  }
}
