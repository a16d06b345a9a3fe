public import Tensors

/// What a mistake would have led to, with how far rounding may move each element of it.
public struct Prediction: Sendable {
  /// The predicted tensor.
  public let values: Tensor<Double>
  /// How far rounding may move each element of it.
  public let margin: Margin
  /// The number that was fitted or the choice that was made, for the report: `slope 0.2`.
  public let detail: String?
  /// How many free numbers were fitted to the suspect: 0 or 1.
  public let fitted: Int

  /// Where the bound of a predicted element comes from.
  public enum Margin: Sendable {
    /// Each element is an element of the right result, whose bound it takes along, times a factor.
    case rearranged(Rearrangement, factor: Double)
    /// Each element has the bound of the right result at its place, and one rounding of its own.
    case likeComputed
    /// The wrong computation's own bound, evaluated when it is needed.
    case own(@Sendable () -> ErrorBound)
  }

  /// Predicts values whose wrong computation has a bound of its own.
  public init(
    _ values: Tensor<Double>, detail: String? = nil, fitted: Int = 0,
    bound: @escaping @Sendable () -> ErrorBound
  ) {
    self.values = values
    self.margin = .own(bound)
    self.detail = detail
    self.fitted = fitted
  }

  /// Predicts values that are as uncertain as the right result is at the same place.
  public init(likeComputed values: Tensor<Double>, detail: String? = nil, fitted: Int = 0) {
    self.values = values
    self.margin = .likeComputed
    self.detail = detail
    self.fitted = fitted
  }

  /// Predicts the right result with its elements moved and multiplied.
  public init(
    _ computed: Tensor<Double>, rearranged: Rearrangement, factor: Double = 1,
    detail: String? = nil, fitted: Int = 0
  ) {
    let moved = rearranged.apply(to: computed)
    self.values = factor == 1 ? moved : moved.map { $0 * factor }
    self.margin = .rearranged(rearranged, factor: factor)
    self.detail = detail
    self.fitted = fitted
  }

  /// Predicts the right result times a factor.
  public init(
    _ computed: Tensor<Double>, times factor: Double, detail: String? = nil, fitted: Int = 0
  ) {
    self.init(
      computed, rearranged: .identity(computed.shape), factor: factor, detail: detail,
      fitted: fitted)
  }
}

/// Where each element of a tensor comes from in another one.
public struct Rearrangement: Sendable {
  /// The shape of the result.
  public let shape: Shape
  /// For each element of the result the row-major offset of its source; nil for the identity.
  public let sources: [Int]?

  /// The source that stands for a zero.
  public static let zero = -1

  /// Takes each element from a source; `Rearrangement.zero` gives a zero.
  public init(_ shape: Shape, sources: [Int]) {
    precondition(sources.count == shape.count, "\(sources.count) sources for shape \(shape)")
    self.shape = shape
    self.sources = sources
  }

  private init(unmoved shape: Shape) {
    self.shape = shape
    self.sources = nil
  }

  /// Every element stays where it is.
  public static func identity(_ shape: Shape) -> Rearrangement { Rearrangement(unmoved: shape) }

  /// Takes the element at each index from the index that `source` gives; nil gives a zero.
  public init(_ shape: Shape, from original: Shape, _ source: ([Int]) -> [Int]?) {
    var index = [Int](repeating: 0, count: shape.rank)
    var sources: [Int] = []
    sources.reserveCapacity(shape.count)
    for _ in 0..<shape.count {
      let place = source(index).map { zip($0, original.extents).reduce(0) { $0 * $1.1 + $1.0 } }
      sources.append(place ?? Self.zero)
      for axis in index.indices.reversed() {
        index[axis] += 1
        guard index[axis] == shape[axis] else { break }
        index[axis] = 0
      }
    }
    self.init(shape, sources: sources)
  }

  /// The same elements, their buffer read as another shape.
  public func reshaped(to shape: Shape) -> Rearrangement {
    guard let sources else {
      return Rearrangement(shape, sources: Array(0..<shape.count))
    }
    return Rearrangement(shape, sources: sources)
  }

  /// The tensor with its elements moved.
  public func apply(to tensor: Tensor<Double>) -> Tensor<Double> {
    guard let sources else { return tensor }
    return Tensor(shape, sources.map { $0 == Self.zero ? 0 : tensor[$0] })
  }
}
