// What all pools share: a window for each number of the output. A family states what it computes
// from a window; a kind of a family is its name and its number of axes.

public import LayerKit
public import Tensors

/// A layer that computes one number from each of a set of windows over each plane of an image.
///
/// - Shapes: x [N, C, …] → y [N, C, …], each with 1, 2 or 3 spatial axes: L, H W or D H W.
public protocol PoolLayer: Layer {
  /// The registered name of the kind.
  static var kind: String { get }

  /// The number of spatial axes, 1 to 3.
  static var axes: Int { get }

  /// The windows over an image; throws if the hyper-parameters leave none.
  func grid(over image: Shape) throws -> PoolGrid
}

extension PoolLayer {
  public static var signature: Signature { Signature(kind: kind, traits: .independentSamples) }

  public func outputShapes(_ operands: OperandShapes) throws -> [Shape] {
    let grid = try grid(over: try operands.image(axes: Self.axes))
    return [try .limited(grid.outputExtents, of: "an output")]
  }

  /// The windows over an image that the shape rule has accepted.
  func grid<S>(of operands: Operands<S>) -> PoolGrid {
    established { try grid(over: operands.inputs[0].shape) }
  }
}

extension PoolLayer {
  /// The bound of a gradient that adds at most `terms` numbers to each cell, window by window.
  ///
  /// Frameworks hold the sum in the gradient itself, so that one of 16 bits is rounded to its own
  /// format with every window; a sum over a window is rounded once.
  func gradientBound(
    _ question: BoundQuestion, terms: Int, magnitude: Tensor<Double>
  ) -> ErrorBound {
    switch question.operands.format {
    case .float32, .float64:
      return .sum(terms: terms, magnitude: magnitude, products: false)
    case .float16, .bfloat16:
      let rounding = question.rounding
      let gamma = rounding.gamma(terms)
      let underflow = Double(terms) * 2 * rounding.unit * rounding.underflow
      return .elementwise(magnitude.map { $0 == 0 ? 0 : gamma * $0 + underflow })
    }
  }
}

/// Examples for any number of axes are written for three; a kind takes the last ones.
extension PoolLayer {
  /// One number for each axis.
  static func numbers(_ depth: Int, _ height: Int, _ width: Int) -> HyperparameterValue {
    .list([depth, height, width].suffix(axes).map { .integer($0) })
  }

  /// The begin of each axis and then the end of each.
  static func ends(
    begin: (depth: Int, height: Int, width: Int), end: (depth: Int, height: Int, width: Int)
  ) -> HyperparameterValue {
    .list(
      numbers(begin.depth, begin.height, begin.width).elements
        + numbers(end.depth, end.height, end.width).elements)
  }

  /// The shape of an image.
  static func image(
    _ samples: Int, _ channels: Int, _ depth: Int, _ height: Int, _ width: Int
  ) -> Shape {
    Shape([samples, channels] + [depth, height, width].suffix(axes))
  }

  /// What every pool refuses: an image of one axis less.
  static func missingAxisExample(
    _ hyperparameters: [String: HyperparameterValue]
  ) -> LayerExample {
    let names = (["N", "C"] + (axes == 1 ? ["L"] : ["D", "H", "W"].suffix(axes)))
    let found = Shape([Int](repeating: 4, count: 1 + axes))
    return LayerExample(
      "an axis less", hyperparameters, inputs: [found],
      refused: .wrongShape(
        tensor: "input", expected: "(\(names.joined(separator: ", ")))", found: found))
  }
}
