/// A dense array of numbers in row-major order.
///
/// Activations are `N C …`, convolution weights `O I …`, linear weights `O I`.
@frozen
public struct Tensor<Element: Sendable>: Sendable {
  /// The extent of each axis.
  public let shape: Shape

  @usableFromInline var storage: [Element]

  /// The elements, last axis fastest; always exactly `shape.count` of them.
  @inlinable public var elements: [Element] {
    get { storage }
    _modify {
      yield &storage
      precondition(storage.count == shape.count, "a tensor keeps its element count")
    }
  }

  /// Makes a tensor of as many elements as the shape holds.
  @inlinable
  public init(_ shape: Shape, _ elements: [Element]) {
    precondition(elements.count == shape.count, "\(elements.count) elements for shape \(shape)")
    self.shape = shape
    self.storage = elements
  }

  /// Makes a tensor whose elements are all the same.
  @inlinable
  public init(_ shape: Shape, repeating element: Element) {
    self.init(shape, [Element](repeating: element, count: shape.count))
  }

  /// Makes a scalar tensor.
  @inlinable
  public init(scalar element: Element) { self.init(.scalar, [element]) }

  /// The number of elements.
  @inlinable public var count: Int { storage.count }

  /// The element at a row-major offset.
  @inlinable
  public subscript(_ offset: Int) -> Element {
    get { storage[offset] }
    _modify { yield &storage[offset] }
  }

  /// The element of a matrix at row `i`, column `j`.
  @inlinable
  public subscript(_ i: Int, _ j: Int) -> Element {
    get { storage[i * shape[1] + j] }
    _modify { yield &storage[i * shape[1] + j] }
  }

  /// The element of a tensor of three axes.
  @inlinable
  public subscript(_ i: Int, _ j: Int, _ k: Int) -> Element {
    get { storage[(i * shape[1] + j) * shape[2] + k] }
    _modify { yield &storage[(i * shape[1] + j) * shape[2] + k] }
  }

  /// The element of a tensor of four axes, for instance `x[n, c, y, x]`.
  @inlinable
  public subscript(_ i: Int, _ j: Int, _ k: Int, _ l: Int) -> Element {
    get { storage[((i * shape[1] + j) * shape[2] + k) * shape[3] + l] }
    _modify { yield &storage[((i * shape[1] + j) * shape[2] + k) * shape[3] + l] }
  }

  /// The same elements under another shape of the same count.
  @inlinable
  public func reshaped(to shape: Shape) -> Tensor { Tensor(shape, elements) }

  /// The tensor of the transformed elements.
  @inlinable
  public func map<Other>(_ transform: (Element) -> Other) -> Tensor<Other> {
    Tensor<Other>(shape, Array(count: count) { transform(storage[$0]) })
  }

  /// The tensor of pairwise combined elements; the shapes must be equal.
  @inlinable
  public func zip<Second, Other>(
    _ second: Tensor<Second>, _ combine: (Element, Second) -> Other
  ) -> Tensor<Other> {
    precondition(shape == second.shape, "shapes \(shape) and \(second.shape) differ")
    return Tensor<Other>(
      shape, Array(count: count) { combine(storage[$0], second.storage[$0]) })
  }
}

extension Tensor: Equatable where Element: Equatable {}
