/// How far two correct computations of one tensor may lie apart, element by element.
public enum ErrorBound: Sendable {
  /// Nothing is rounded on the way: the values must be equal.
  case exact

  /// A sum of at most `terms` rounded terms: γ(terms) · magnitude.
  ///
  /// `products` tells whether the terms are products of two operands, as in a convolution:
  /// only then does a reference with shortened operands (TF32, bfloat16) have a wider bound.
  case accumulated(terms: Int, magnitude: Magnitude, products: Bool)

  /// A bound of its own for each element, already evaluated for the rounding asked for.
  ///
  /// Infinite where nothing can be said, for instance because a variance drowned in rounding:
  /// such an element can at best be a warning.
  case elementwise(Tensor<Double>)

  /// A limit for each element that nobody proved, already evaluated for the rounding asked for.
  ///
  /// It is for layers that do not say how far rounding may move their results: what exceeds it
  /// differs, what does not is at best a warning.
  case measured(Tensor<Double>)

  /// A sum of at most `terms` rounded terms whose magnitudes are at hand as a tensor.
  public static func sum(
    terms: Int, magnitude: Tensor<Double>, products: Bool = true
  ) -> ErrorBound {
    .accumulated(terms: terms, magnitude: Magnitude(magnitude), products: products)
  }
}

/// The sum of the absolute values of the terms behind each element of a tensor: the same
/// operation on absolute values.
///
/// That of a large tensor is computed in parts, when a part of the tensor is judged.
public struct Magnitude: Sendable {
  /// The shape of the tensor.
  public let shape: Shape
  private let source: Source

  private enum Source: Sendable {
    case whole([Double])
    case rows(@Sendable (Range<Int>) -> [Double])
  }

  /// A magnitude that has been computed as a whole.
  public init(_ tensor: Tensor<Double>) {
    shape = tensor.shape
    source = .whole(tensor.elements)
  }

  /// A magnitude of which `rows` computes any range of entries of the first axis.
  public init(_ shape: Shape, rows: @escaping @Sendable (Range<Int>) -> [Double]) {
    precondition(shape.rank > 0, "a scalar has no rows")
    self.shape = shape
    source = .rows(rows)
  }

  /// Magnitudes of neighbouring elements: those that were asked for stand in `elements` from
  /// `first` on.
  public struct Window: Sendable {
    /// The magnitudes, in row-major order, among others perhaps.
    public let elements: [Double]
    /// The place of the first one that was asked for.
    public let first: Int

    /// Names the place of some magnitudes in an array.
    public init(elements: [Double], first: Int) {
      self.elements = elements
      self.first = first
    }
  }

  /// The magnitudes of a range of elements; they are not copied where they are at hand.
  public func window(_ range: Range<Int>) -> Window {
    guard !range.isEmpty else { return Window(elements: [], first: 0) }
    switch source {
    case .whole(let elements): return Window(elements: elements, first: range.lowerBound)
    case .rows(let rows):
      let width = shape.count / shape[0]
      let first = range.lowerBound / width
      let elements = rows(first..<(range.upperBound + width - 1) / width)
      return Window(elements: elements, first: range.lowerBound - first * width)
    }
  }

  /// The magnitudes of a range of elements, in row-major order.
  public func elements(_ range: Range<Int>) -> [Double] {
    let window = window(range)
    return Array(window.elements[window.first..<window.first + range.count])
  }
}
