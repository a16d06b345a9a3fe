// ParsedChunks+Validation.swift

extension ParsedChunks {
  /// The largest chunk that the format can store.
  private static let largestChunk = Int(UInt32.max)

  /// The grid of a dataset, every chunk in its place and of a possible size.
  func validated(
    _ shape: [Int], _ elementSize: Int, _ bounds: StorageBounds
  ) throws(HDF5Problem) -> ChunkGrid {
    let lengths = chunkShape.compactMap { Int(exactly: $0) }
    guard lengths.count == shape.count, !lengths.contains(0), !shape.isEmpty else {
      throw HDF5Problem(.chunkShape)
    }
    let chunkBytes: Int
    do throws(HDF5Problem) {
      chunkBytes = try ParsedDataset.product(lengths, times: elementSize)
    } catch {
      throw HDF5Problem(.chunkShape)
    }
    guard chunkBytes <= Self.largestChunk else { throw HDF5Problem(.chunkShape) }
    let gridShape = zip(shape, lengths).map { ($0 - 1) / $1 + 1 }
    let total = try ParsedDataset.product(gridShape, times: 1)
    try judgeCount(total)
    let grid = ChunkGrid(
      chunkShape: lengths, gridShape: gridShape, filters: try validFilters(elementSize),
      partialChunksAreRaw: options & 2 != 0,
      chunks: try validPlaces(total, bounds))
    for position in grid.chunks.indices {
      try Self.judgeSize(position, grid, shape, chunkBytes)
    }
    return grid
  }

  private func judgeCount(_ total: Int) throws(HDF5Problem) {
    guard storedChunks > 0 else { throw HDF5Problem(.neverWritten) }
    guard storedChunks >= total else {
      throw HDF5Problem(.chunksMissing(total - Int(storedChunks), of: total))
    }
    guard storedChunks == total else { throw HDF5Problem(.chunkShape) }
    guard total <= WalkLimit.chunks else {
      throw HDF5Problem(.tooManyChunks(total, limit: WalkLimit.chunks))
    }
  }

  private func validPlaces(
    _ total: Int, _ bounds: StorageBounds
  ) throws(HDF5Problem) -> [Chunk] {
    guard places.count == total else {
      throw HDF5Problem(.chunksMissing(max(0, total - places.count), of: total))
    }
    var chunks: [Chunk] = []
    chunks.reserveCapacity(total)
    for (position, place) in places.enumerated() {
      // In the order of the grid, hence each place once.
      guard place.position == position else { throw HDF5Problem(.chunksMissing(1, of: total)) }
      let bytes = try bounds.place(place.offset, place.size)
      chunks.append(Chunk(offset: bytes.offset, size: bytes.size, skippedFilters: place.mask))
    }
    return chunks
  }

  private func validFilters(_ elementSize: Int) throws(HDF5Problem) -> [Filter] {
    var result: [Filter] = []
    for filter in filters {
      let known: Filter
      switch filter.identifier {
      case 1: known = .deflate
      case 2:
        known = .shuffle
        guard filter.values.first.map({ Int($0) == elementSize }) ?? false else {
          throw HDF5Problem(.filterParameters(.shuffle))
        }
      case 3: known = .fletcher32
      default: throw HDF5Problem(.unknownFilter(Int(filter.identifier)))
      }
      guard !result.contains(known) else { throw HDF5Problem(.repeatedFilter(known)) }
      result.append(known)
    }
    return result
  }

  /// Deflate makes 1 byte of at most 1032 (zlib.net/zlib_tech.html), and hardly more than its
  /// input; every other step has an exact size.
  private static func judgeSize(
    _ position: Int, _ grid: ChunkGrid, _ shape: [Int], _ chunkBytes: Int
  ) throws(HDF5Problem) {
    let chunk = grid.chunks[position]
    let place = grid.place(of: position, in: shape)
    var range = chunkBytes...chunkBytes
    for filter in grid.activeFilters(of: chunk, isPartial: place.isPartial) {
      switch filter {
      case .shuffle: break
      case .fletcher32: range = (range.lowerBound + 4)...(range.upperBound + 4)
      case .deflate:
        let upper = range.upperBound + range.upperBound / 16 + 1024
        range = max(1, range.lowerBound / 1032)...upper
      }
    }
    guard range.contains(chunk.size) else {
      throw HDF5Problem(
        .chunkSize(
          chunk: place.coordinates, stored: UInt64(chunk.size), expected: chunkBytes))
    }
  }
}
