// ElementReader.swift

internal import Dispatch
internal import Glibc
internal import Synchronization

/// Reads a window of one dataset into memory that is exactly as large.
struct ElementReader {
  let file: OpenFile
  let dataset: Dataset
  let source: ElementSource
  let kind: ReadableKind
  /// Bytes of one element of the result.
  let stride: Int
  let range: Range<Int>
  let threads: Int

  /// Bytes of one element as stored.
  private var width: Int { dataset.storedWidth ?? 1 }

  /// Fills the window's memory.
  func fill(_ target: UnsafeMutableRawPointer) throws(HDF5Problem) {
    switch dataset.storage {
    case .none: return
    case .compact(let bytes):
      var refused: Int?
      bytes.withUnsafeBytes { bytes in
        guard let base = bytes.baseAddress else { return }
        refused = source.convert(
          base + range.lowerBound * width, count: range.count, to: kind, target)
      }
      if let refused { throw try unrepresentable(at: range.lowerBound + refused) }
    case .contiguous(let offset): try fill(target, from: offset)
    case .chunked(let grid): try fill(target, from: grid)
    }
  }

  // MARK: Contiguous

  /// Elements of one slice; bytes in cache while they are converted.
  private static let convertedSlice = 1 << 16
  private static let copiedSlice = 1 << 20

  private func fill(
    _ target: UnsafeMutableRawPointer, from offset: Int
  ) throws(HDF5Problem) {
    let identical = source.isIdentical(to: kind)
    let slice = identical ? Self.copiedSlice : Self.convertedSlice
    let pieces = (range.count + slice - 1) / slice
    let memory = SharedMemory(base: target)
    try inParallel(pieces) { work throws(HDF5Problem) in
      var scratch = [UInt8](repeating: 0, count: identical ? 0 : min(slice, range.count) * width)
      while let piece = work.next() {
        let first = piece * slice
        let count = min(slice, range.count - first)
        let place = offset + (range.lowerBound + first) * width
        let destination = memory.base + first * stride
        if identical {
          try file.read(
            into: UnsafeMutableRawBufferPointer(start: destination, count: count * width),
            at: place)
        } else {
          try convert(
            &scratch, count: count, at: place, first: range.lowerBound + first, to: destination)
        }
      }
    }
  }

  private func convert(
    _ scratch: inout [UInt8], count: Int, at place: Int, first: Int,
    to destination: UnsafeMutableRawPointer
  ) throws(HDF5Problem) {
    var problem: HDF5Problem?
    scratch.withUnsafeMutableBytes { scratch in
      do throws(HDF5Problem) {
        let bytes = UnsafeMutableRawBufferPointer(rebasing: scratch[..<(count * width)])
        try file.read(into: bytes, at: place)
        guard let base = bytes.baseAddress else { return }
        if let refused = source.convert(base, count: count, to: kind, destination) {
          throw notRepresentable(base + refused * width, element: first + refused)
        }
      } catch {
        problem = error
      }
    }
    if let problem { throw problem }
  }

  // MARK: Chunked

  private func fill(
    _ target: UnsafeMutableRawPointer, from grid: ChunkGrid
  ) throws(HDF5Problem) {
    let layout = RunLayout(shape: dataset.shape, chunkShape: grid.chunkShape)
    let positions = candidates(in: grid).filter { position in
      layout.span(of: grid.place(of: position, in: dataset.shape)).overlaps(range)
    }
    let memory = SharedMemory(base: target)
    try inParallel(positions.count) { work throws(HDF5Problem) in
      let decoder = ChunkDecoder(grid: grid, elementSize: width, memory: DecodingMemory())
      while let next = work.next() {
        let place = grid.place(of: positions[next], in: dataset.shape)
        try decoder.withChunk(positions[next], place: place, from: file) {
          bytes throws(HDF5Problem) in
          try scatter(bytes, layout, place, memory.base)
        }
      }
    }
  }

  /// The chunks of those rows of the grid, along the first axis, that the window meets.
  private func candidates(in grid: ChunkGrid) -> Range<Int> {
    guard let rows = dataset.shape.first, rows > 0, !range.isEmpty else { return 0..<0 }
    let row = dataset.count / rows * grid.chunkShape[0]
    let chunks = grid.chunks.count / grid.gridShape[0]
    return range.lowerBound / row * chunks..<((range.upperBound - 1) / row + 1) * chunks
  }

  /// Puts the runs of a chunk where they belong in the window.
  private func scatter(
    _ bytes: UnsafeRawBufferPointer, _ layout: RunLayout, _ place: ChunkPlace,
    _ target: UnsafeMutableRawPointer
  ) throws(HDF5Problem) {
    guard let base = bytes.baseAddress else { return }
    for run in layout.runs(of: place) {
      let whole = run.element..<(run.element + run.count)
      let part = whole.clamped(to: range)
      guard !part.isEmpty else { continue }
      let from = base + (run.chunkElement + part.lowerBound - run.element) * width
      let to = target + (part.lowerBound - range.lowerBound) * stride
      if let refused = source.convert(from, count: part.count, to: kind, to) {
        throw notRepresentable(from + refused * width, element: part.lowerBound + refused)
      }
    }
  }

  // MARK: Refusing

  private func unrepresentable(at element: Int) throws(HDF5Problem) -> HDF5Problem {
    guard case .compact(let bytes) = dataset.storage else { return HDF5Problem(.changed) }
    return bytes.withUnsafeBytes { bytes in
      bytes.baseAddress.map { notRepresentable($0 + element * width, element: element) }
        ?? HDF5Problem(.changed)
    }
  }

  private func notRepresentable(_ element: UnsafeRawPointer, element index: Int) -> HDF5Problem {
    var bits: UInt64 = 0
    for place in 0..<width {
      let byte = source.order == .littleEndian ? width - 1 - place : place
      bits = bits << 8 | UInt64(element.load(fromByteOffset: byte, as: UInt8.self))
    }
    let value =
      switch source.type {
      case .int64: String(Int64(bitPattern: bits))
      case .int32: String(Int32(truncatingIfNeeded: bits))
      default: String(bits)
      }
    return HDF5Problem(.notRepresentable(element: index, value: value, as: kind.name))
  }

  // MARK: In parallel

  /// Runs `body` on several threads, which take pieces of work until none is left or one failed.
  ///
  /// Pieces are given out in order and a piece once taken is finished, so the first one that fails
  /// is always among those that report, and the message does not depend on the number of threads.
  private func inParallel(
    _ count: Int, _ body: @Sendable (PieceTaker) throws(HDF5Problem) -> Void
  ) throws(HDF5Problem) {
    let queue = PieceQueue(count: count)
    let failure = Mutex<(piece: Int, problem: HDF5Problem)?>(nil)
    DispatchQueue.concurrentPerform(iterations: max(1, min(threads, count))) { _ in
      let taker = PieceTaker(queue: queue)
      do throws(HDF5Problem) {
        try body(taker)
      } catch {
        queue.stop()
        failure.withLock { first in
          if let first, first.piece < taker.current { return }
          first = (taker.current, error)
        }
      }
    }
    if let (_, problem) = failure.withLock({ $0 }) { throw problem }
  }
}

/// Numbers of pieces of work, each given out once and in order.
private final class PieceQueue: Sendable {
  private let count: Int
  private let taken = Atomic<Int>(0)

  init(count: Int) {
    self.count = count
  }

  func next() -> Int? {
    let piece = taken.wrappingAdd(1, ordering: .relaxed).oldValue
    return piece < count ? piece : nil
  }

  func stop() {
    taken.store(count, ordering: .relaxed)
  }
}

/// One thread's view of the queue, which remembers the piece in hand.
private final class PieceTaker {
  private let queue: PieceQueue
  private(set) var current = 0

  init(queue: PieceQueue) {
    self.queue = queue
  }

  func next() -> Int? {
    guard let piece = queue.next() else { return nil }
    current = piece
    return piece
  }
}

/// Memory that threads fill at disjoint places, hence without a lock.
private struct SharedMemory: @unchecked Sendable {
  let base: UnsafeMutableRawPointer
}
