// Source: torch.reshape (2.13).

public import LayerKit
public import Tensors

/// The layer that gives its input another shape, in row-major order.
///
///     y = x reshaped          dx = dy reshaped back
///
/// - Shapes: x of any shape → y of `shape`, where −1 stands for what is left over.
/// - Kinks: none.
public struct Reshape: ReshapingLayer {
  public static let kind = "Reshape"

  // MARK: Hyper-parameters

  /// The extents of the whole result, batch included; −1 at most once.
  public let extents: [Int]

  public init(_ hyperparameters: inout HyperparameterReader) {
    let problemsBefore = hyperparameters.problems.count
    let stated = hyperparameters.optionalIntegers("shape", in: -1...(.max))
    extents = stated ?? []
    if stated == nil, hyperparameters.problems.count == problemsBefore {
      hyperparameters.report(.missingHyperparameter("shape"))
    }
    if extents.count(where: { $0 == -1 }) > 1 {
      hyperparameters.report(
        .outOfRange(hyperparameter: "shape", allowed: "-1 at most once", found: value))
    }
  }

  /// The shape as it was stated.
  private var value: HyperparameterValue { .list(extents.map { .integer($0) }) }

  // MARK: Shapes

  public func shape(of input: Shape) throws -> Shape {
    let fixed = extents.filter { $0 != -1 }
    let (count, overflow) = Self.product(fixed)
    guard !overflow else { throw contradiction(input) }
    guard let free = extents.firstIndex(of: -1) else {
      guard count == input.count else { throw contradiction(input) }
      return Shape(extents)
    }
    // With no elements, anything could be left over.
    guard count > 0, input.count % count == 0 else { throw contradiction(input) }
    var extents = extents
    extents[free] = input.count / count
    return Shape(extents)
  }

  private func contradiction(_ input: Shape) -> LayerProblem {
    .contradiction(
      hyperparameter: "shape", declared: value,
      tensors: .list(input.extents.map { .integer($0) }))
  }

  /// The product, and whether it does not fit an integer.
  private static func product(_ factors: [Int]) -> (Int, overflow: Bool) {
    var product = 1
    for factor in factors {
      let (next, overflow) = product.multipliedReportingOverflow(by: factor)
      if overflow { return (0, true) }
      product = next
    }
    return (product, false)
  }

  // MARK: Examples

  public static var examples: [LayerExample] {
    [
      LayerExample("an image to rows", ["shape": [2, -1]], inputs: [[2, 3, 4, 5]]),
      LayerExample("rows to an image", ["shape": [2, 3, 4, 5]], inputs: [[2, 60]]),
      LayerExample("one axis", ["shape": -1], inputs: [[2, 3, 4]]),
      LayerExample("a scalar to five axes", ["shape": [1, 1, 1, 1, 1]], inputs: [[]]),
      LayerExample("the first axis left over", ["shape": [-1, 6]], inputs: [[4, 3, 1, 2, 1]]),
      LayerExample("no shape", inputs: [[2]], refused: .missingHyperparameter("shape")),
      LayerExample(
        "two axes left over", ["shape": [-1, -1]], inputs: [[4]],
        refused: .outOfRange(
          hyperparameter: "shape", allowed: "-1 at most once", found: [-1, -1])),
      LayerExample(
        "a negative extent", ["shape": [-2, 2]], inputs: [[4]],
        refused: .outOfRange(hyperparameter: "shape", allowed: "-1 or more", found: [-2, 2])),
      LayerExample(
        "another count", ["shape": [2, 3]], inputs: [[7]],
        refused: .contradiction(hyperparameter: "shape", declared: [2, 3], tensors: [7])),
      LayerExample(
        "a remainder", ["shape": [-1, 4]], inputs: [[2, 3]],
        refused: .contradiction(hyperparameter: "shape", declared: [-1, 4], tensors: [2, 3])),
      LayerExample(
        "a count beyond all integers", ["shape": [.integer(1 << 40), .integer(1 << 40)]],
        inputs: [[7]],
        refused: .contradiction(
          hyperparameter: "shape", declared: [.integer(1 << 40), .integer(1 << 40)],
          tensors: [7])),
    ]
  }
}
