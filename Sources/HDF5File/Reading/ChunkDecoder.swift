// ChunkDecoder.swift

/// Undoes the filters of one chunk after the other, in memory that it is given.
struct ChunkDecoder {
  private let grid: ChunkGrid
  private let elementSize: Int
  private let memory: DecodingMemory

  init(grid: ChunkGrid, elementSize: Int, memory: DecodingMemory) {
    self.grid = grid
    self.elementSize = elementSize
    self.memory = memory
  }

  /// Reads and decodes a chunk, and lends its bytes to `body`.
  func withChunk(
    _ position: Int, place: ChunkPlace, from file: OpenFile,
    _ body: (UnsafeRawBufferPointer) throws(HDF5Problem) -> Void
  ) throws(HDF5Problem) {
    let chunk = grid.chunks[position]
    var bytes = memory.next(chunk.size)
    try file.read(into: bytes, at: chunk.offset)
    let active = grid.activeFilters(of: chunk, isPartial: place.isPartial)
    var sizes = [grid.chunkBytes(elementSize)]
    for filter in active { sizes.append(sizes[sizes.count - 1] + (filter == .fletcher32 ? 4 : 0)) }
    for (step, filter) in active.enumerated().reversed() {
      bytes = try undo(filter, bytes, result: sizes[step], chunk: place.coordinates)
    }
    let expected = sizes[0]
    guard bytes.count == expected else {
      throw HDF5Problem(
        .chunkSize(chunk: place.coordinates, stored: UInt64(bytes.count), expected: expected))
    }
    try body(UnsafeRawBufferPointer(bytes))
  }

  /// What one filter was applied to, `result` bytes where it says nothing else.
  private func undo(
    _ filter: Filter, _ bytes: UnsafeMutableRawBufferPointer, result: Int, chunk: [Int]
  ) throws(HDF5Problem) -> UnsafeMutableRawBufferPointer {
    let source = UnsafeRawBufferPointer(bytes)
    switch filter {
    case .fletcher32:
      guard bytes.count >= 4 else {
        throw HDF5Problem(.chunkSize(chunk: chunk, stored: UInt64(bytes.count), expected: result))
      }
      let end = bytes.count - 4
      let stored = source[end...].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
      guard Fletcher32.matches(UnsafeRawBufferPointer(rebasing: source[..<end]), stored: stored)
      else { throw HDF5Problem(.checksum(chunk: chunk)) }
      return UnsafeMutableRawBufferPointer(rebasing: bytes[..<end])
    case .deflate:
      let target = memory.next(result)
      if let fault = memory.inflater.inflate(source, into: target) {
        throw HDF5Problem(.inflate(chunk: chunk, fault))
      }
      return target
    case .shuffle:
      guard elementSize > 1 else { return bytes }
      let target = memory.next(bytes.count)
      Shuffle.undo(source, into: target, size: elementSize)
      return target
    }
  }
}
