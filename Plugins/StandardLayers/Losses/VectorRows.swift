import Tensors

/// Vectors along the last axes of some tensors whose other axes stretch to a common shape.
///
/// Vectors of one element stretch to any length, too.
struct VectorRows {
  /// The common shape of the axes before the last.
  let shape: Shape
  private let lengths: [Int]
  private let broadcasting: Broadcasting

  /// Lines the tensors up; nil where they do not fit.
  ///
  /// A scalar is a vector of one element.
  init?(_ shapes: [Shape]) {
    let outer = shapes.map { Shape(Array($0.extents.dropLast())) }
    guard let shape = Shape.broadcast(outer), Shape.broadcast(shapes) != nil else { return nil }
    self.shape = shape
    lengths = shapes.map { $0.extents.last ?? 1 }
    broadcasting = Broadcasting(outer, to: shape)
  }

  /// The common length of the vectors of two tensors.
  func length(_ a: Int, _ b: Int) -> Int { lengths[a] == 1 ? lengths[b] : lengths[a] }

  /// The length of the vectors of a tensor.
  func length(_ tensor: Int) -> Int { lengths[tensor] }

  /// The offset of an element of the vector of a tensor in a row.
  func offset(_ tensor: Int, row: Int, _ element: Int) -> Int {
    broadcasting.offset(of: tensor, at: row) * lengths[tensor]
      + (lengths[tensor] == 1 ? 0 : element)
  }
}
