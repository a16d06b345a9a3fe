// ChunkPlace.swift

/// Where one chunk lies in its dataset.
package struct ChunkPlace: Sendable {
  /// Its coordinates in the grid.
  package let coordinates: [Int]
  /// The index of its first element along each axis.
  package let origin: [Int]
  /// How many of its elements along each axis are in the dataset.
  package let extent: [Int]
  /// Whether it reaches beyond the dataset.
  package let isPartial: Bool
}

extension ChunkGrid {
  /// The place of the chunk at a row-major position of the grid.
  package func place(of position: Int, in shape: [Int]) -> ChunkPlace {
    var rest = position
    var coordinates = [Int](repeating: 0, count: shape.count)
    for axis in shape.indices.reversed() {
      coordinates[axis] = rest % gridShape[axis]
      rest /= gridShape[axis]
    }
    let origin = shape.indices.map { coordinates[$0] * chunkShape[$0] }
    let extent = shape.indices.map { min(chunkShape[$0], shape[$0] - origin[$0]) }
    return ChunkPlace(
      coordinates: coordinates, origin: origin, extent: extent, isPartial: extent != chunkShape)
  }

  /// The filters that were applied to a chunk, in the order of writing.
  package func activeFilters(of chunk: Chunk, isPartial: Bool) -> [Filter] {
    if isPartial, partialChunksAreRaw { return [] }
    return filters.enumerated().filter { chunk.skippedFilters & (1 << UInt32($0.offset)) == 0 }
      .map(\.element)
  }

  /// Bytes of one chunk before filters; validated not to overflow.
  package func chunkBytes(_ elementSize: Int) -> Int { chunkShape.reduce(elementSize, *) }
}
