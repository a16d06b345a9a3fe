// ChunkDecoder.swift

/// Undoes the filters of one chunk after the other, with two buffers that it keeps.
struct ChunkDecoder: ~Copyable {
  private let grid: ChunkGrid
  private let elementSize: Int
  private let inflater = Inflater()
  private var front: [UInt8] = []
  private var back: [UInt8] = []

  init(grid: ChunkGrid, elementSize: Int) {
    self.grid = grid
    self.elementSize = elementSize
  }

  /// Reads and decodes a chunk, and lends its bytes to `body`.
  mutating func withChunk(
    _ position: Int, place: ChunkPlace, from file: OpenFile,
    _ body: (UnsafeRawBufferPointer) throws(HDF5Problem) -> Void
  ) throws(HDF5Problem) {
    let chunk = grid.chunks[position]
    try Self.fill(&front, count: chunk.size) { buffer throws(HDF5Problem) in
      try file.read(into: buffer, at: chunk.offset)
    }
    let active = grid.activeFilters(of: chunk, isPartial: place.isPartial)
    var sizes = [grid.chunkBytes(elementSize)]
    for filter in active { sizes.append(sizes[sizes.count - 1] + (filter == .fletcher32 ? 4 : 0)) }
    for (step, filter) in active.enumerated().reversed() {
      try undo(filter, result: sizes[step], chunk: place.coordinates)
    }
    let expected = sizes[0]
    guard front.count == expected else {
      throw HDF5Problem(
        .chunkSize(chunk: place.coordinates, stored: UInt64(front.count), expected: expected))
    }
    try Self.lend(front, body)
  }

  /// Undoes one filter: `front` becomes `result` bytes.
  private mutating func undo(
    _ filter: Filter, result: Int, chunk: [Int]
  ) throws(HDF5Problem) {
    switch filter {
    case .fletcher32:
      guard front.count >= 4 else {
        throw HDF5Problem(.chunkSize(chunk: chunk, stored: UInt64(front.count), expected: result))
      }
      let end = front.count - 4
      let stored = front[end...].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
      let matches = front.withUnsafeBytes {
        Fletcher32.matches(UnsafeRawBufferPointer(rebasing: $0[..<end]), stored: stored)
      }
      guard matches else { throw HDF5Problem(.checksum(chunk: chunk)) }
      front.removeLast(4)
    case .deflate:
      Self.resize(&back, to: result)
      if let fault = Self.inflate(inflater, front, into: &back) {
        throw HDF5Problem(.inflate(chunk: chunk, fault))
      }
      swap(&front, &back)
    case .shuffle:
      guard elementSize > 1 else { return }
      Self.resize(&back, to: front.count)
      Self.unshuffle(front, into: &back, size: elementSize)
      swap(&front, &back)
    }
  }

  private static func inflate(
    _ inflater: borrowing Inflater, _ source: [UInt8], into target: inout [UInt8]
  ) -> InflateFault? {
    source.withUnsafeBytes { source in
      target.withUnsafeMutableBytes { target in inflater.inflate(source, into: target) }
    }
  }

  private static func unshuffle(_ source: [UInt8], into target: inout [UInt8], size: Int) {
    source.withUnsafeBytes { source in
      target.withUnsafeMutableBytes { target in
        Shuffle.undo(source, into: target, size: size)
      }
    }
  }

  // MARK: Buffers

  /// Gives `buffer` exactly `count` bytes, which `body` fills.
  private static func fill(
    _ buffer: inout [UInt8], count: Int,
    _ body: (UnsafeMutableRawBufferPointer) throws(HDF5Problem) -> Void
  ) throws(HDF5Problem) {
    resize(&buffer, to: count)
    var problem: HDF5Problem?
    buffer.withUnsafeMutableBytes { bytes in
      do throws(HDF5Problem) {
        try body(bytes)
      } catch {
        problem = error
      }
    }
    if let problem { throw problem }
  }

  private static func resize(_ buffer: inout [UInt8], to count: Int) {
    if buffer.count > count {
      buffer.removeLast(buffer.count - count)
    } else if buffer.count < count {
      buffer.append(contentsOf: repeatElement(0, count: count - buffer.count))
    }
  }

  private static func lend(
    _ bytes: [UInt8], _ body: (UnsafeRawBufferPointer) throws(HDF5Problem) -> Void
  ) throws(HDF5Problem) {
    var problem: HDF5Problem?
    bytes.withUnsafeBytes { bytes in
      do throws(HDF5Problem) {
        try body(bytes)
      } catch {
        problem = error
      }
    }
    if let problem { throw problem }
  }
}
