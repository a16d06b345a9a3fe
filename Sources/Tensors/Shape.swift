/// The extents of a tensor, outermost axis first; a scalar has none.
@frozen
public struct Shape: Hashable, Sendable {
  /// The extent of each axis, none negative.
  public let extents: [Int]

  /// The number of elements: the product of the extents, 1 for a scalar.
  public let count: Int

  /// Makes a shape of extents that are not negative and whose product fits `Int`.
  public init(_ extents: [Int]) {
    var count = 1
    for extent in extents {
      precondition(extent >= 0, "a shape has no negative extent: \(extents)")
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      precondition(!overflow, "the element count of \(extents) does not fit an integer")
      count = product
    }
    self.extents = extents
    self.count = count
  }

  /// The shape of a single number.
  public static let scalar = Shape([])

  /// The number of axes.
  @inlinable public var rank: Int { extents.count }

  /// The extent of one axis.
  @inlinable public subscript(_ axis: Int) -> Int { extents[axis] }

  /// The distance in elements between neighbours along each axis, in row-major order.
  public var strides: [Int] {
    var strides = [Int](repeating: 1, count: rank)
    for axis in stride(from: rank - 2, through: 0, by: -1) {
      strides[axis] = strides[axis + 1] * extents[axis + 1]
    }
    return strides
  }

  /// The position along each axis of the element at a row-major offset in `0 ..< count`.
  public func index(at offset: Int) -> [Int] {
    precondition((0..<count).contains(offset), "offset \(offset) is outside \(self)")
    var rest = offset
    return strides.map { step in
      defer { rest %= step }
      return rest / step
    }
  }

  /// The number of elements before, at, and after one axis: (outer, extent, inner).
  ///
  /// An operation along `axis` visits `outer · inner` rows whose elements lie `inner` apart.
  public func split(at axis: Int) -> (outer: Int, extent: Int, inner: Int) {
    precondition((0..<rank).contains(axis), "axis \(axis) is outside \(self)")
    let outer = extents[..<axis].reduce(1, *)
    let inner = extents[(axis + 1)...].reduce(1, *)
    return (outer, extents[axis], inner)
  }

  /// The axis counted from the front, where negative numbers count from the end; nil if outside.
  public func axis(_ dimension: Int) -> Int? {
    let axis = dimension < 0 ? dimension + rank : dimension
    return (0..<rank).contains(axis) ? axis : nil
  }
}

extension Shape: ExpressibleByArrayLiteral {
  public init(arrayLiteral extents: Int...) { self.init(extents) }
}

extension Shape: CustomStringConvertible {
  public var description: String {
    "[" + extents.map { String($0) }.joined(separator: ", ") + "]"
  }
}
