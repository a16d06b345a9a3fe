public import Tensors

/// Where each element of a tensor comes from in another one.
///
/// A source is found when it is asked for, so that a rearrangement of a large tensor costs nothing
/// until it has been tried on a few elements.
public struct Rearrangement: Sendable {
  /// The shape of the result.
  public let shape: Shape
  private let place: (@Sendable (Int) -> Int)?

  /// The source that stands for a zero.
  public static let zero = -1

  /// Takes each element from a source; `Rearrangement.zero` gives a zero.
  public init(_ shape: Shape, sources: [Int]) {
    precondition(sources.count == shape.count, "\(sources.count) sources for shape \(shape)")
    self.init(shape) { sources[$0] }
  }

  /// Takes the element at each offset from the offset that `place` gives.
  public init(_ shape: Shape, at place: @escaping @Sendable (_ offset: Int) -> Int) {
    self.shape = shape
    self.place = place
  }

  private init(unmoved shape: Shape) {
    self.shape = shape
    place = nil
  }

  /// Every element stays where it is.
  public static func identity(_ shape: Shape) -> Rearrangement { Rearrangement(unmoved: shape) }

  /// Takes the element at each index from the index that `source` gives; nil gives a zero.
  public init(
    _ shape: Shape, from original: Shape, _ source: @escaping @Sendable ([Int]) -> [Int]?
  ) {
    self.init(shape) { offset in
      source(shape.index(at: offset)).map { index in
        index.indices.reduce(0) { $0 * original[$1] + index[$1] }
      } ?? Self.zero
    }
  }

  /// The tensor whose axis `k` is the original's axis `order[k]`.
  public init(permuting original: Shape, _ order: [Int]) {
    let strides = original.strides
    let target = Shape(order.map { original[$0] })
    let (own, steps) = (target.strides, order.map { strides[$0] })
    self.init(target) { offset in
      var (rest, source) = (offset, 0)
      for axis in own.indices {
        source += rest / own[axis] * steps[axis]
        rest %= own[axis]
      }
      return source
    }
  }

  /// Whether every element stays where it is by construction.
  public var isIdentity: Bool { place == nil }

  /// The row-major offset of the source of an element; `zero` for none.
  public func source(of offset: Int) -> Int { place?(offset) ?? offset }

  /// For each element of the result the row-major offset of its source; nil for the identity.
  public var sources: [Int]? { place.map { (0..<shape.count).map($0) } }

  /// The same elements, their buffer read as another shape.
  public func reshaped(to shape: Shape) -> Rearrangement {
    precondition(shape.count == self.shape.count, "\(self.shape) is not \(shape)")
    let place = place
    return Rearrangement(shape) { place?($0) ?? $0 }
  }

  /// The elements of this rearrangement, moved once more.
  public func followed(by next: Rearrangement) -> Rearrangement {
    let place = place
    return Rearrangement(next.shape) { offset in
      let source = next.source(of: offset)
      return source == Self.zero ? Self.zero : place?(source) ?? source
    }
  }

  /// The tensor with its elements moved.
  public func apply(to tensor: Tensor<Double>) -> Tensor<Double> {
    guard let place else { return tensor }
    return Tensor(
      shape,
      Array(count: shape.count) { offset in
        let source = place(offset)
        return source == Self.zero ? 0 : tensor[source]
      })
  }
}
