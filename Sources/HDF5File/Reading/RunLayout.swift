// RunLayout.swift

/// Runs of elements that are neighbours both in a chunk and in its dataset.
///
/// The last axes that a chunk covers completely belong to one run with the axis before them.
struct RunLayout: Sendable {
  /// One run: where it begins in the dataset and in the chunk, and how long it is.
  struct Run {
    let element: Int
    let chunkElement: Int
    let count: Int
  }

  private let shape: [Int]
  private let strides: [Int]
  private let chunkStrides: [Int]
  /// The axis along which runs lie; later axes are within them.
  private let axis: Int

  init(shape: [Int], chunkShape: [Int]) {
    self.shape = shape
    strides = Self.strides(shape)
    chunkStrides = Self.strides(chunkShape)
    var axis = shape.count - 1
    while axis > 0, chunkShape[axis] == shape[axis] { axis -= 1 }
    self.axis = axis
  }

  private static func strides(_ shape: [Int]) -> [Int] {
    var strides = [Int](repeating: 1, count: shape.count)
    for axis in shape.indices.dropLast().reversed() {
      strides[axis] = strides[axis + 1] &* shape[axis + 1]
    }
    return strides
  }

  /// From the first to the last element of a chunk in row-major order of the dataset.
  func span(of place: ChunkPlace) -> Range<Int> {
    var first = 0
    var last = 0
    for axis in shape.indices {
      first += place.origin[axis] * strides[axis]
      last += (place.origin[axis] + place.extent[axis] - 1) * strides[axis]
    }
    return first..<(last + 1)
  }

  /// The runs of a chunk, in order.
  func runs(of place: ChunkPlace) -> some Sequence<Run> {
    let outer = Array(place.extent[..<axis])
    let rows = outer.reduce(1, *)
    let length = place.extent[axis] * strides[axis]
    let start = span(of: place).lowerBound
    return (0..<rows).lazy.map { row in
      var rest = row
      var element = start
      var chunkElement = 0
      for axis in outer.indices.reversed() {
        let index = rest % outer[axis]
        rest /= outer[axis]
        element += index * strides[axis]
        chunkElement += index * chunkStrides[axis]
      }
      return Run(element: element, chunkElement: chunkElement, count: length)
    }
  }
}
