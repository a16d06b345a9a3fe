import Discrepancy
import HDF5File
import Synchronization
import Tensors

/// Judges elements of two datasets as they are stored, run by run.
protocol PieceJudge: Sendable {
  /// What was found so far.
  var found: Comparison { get }

  /// Judges `count` elements, the first of which is at `offset` of the whole.
  mutating func take(_ a: UnsafeRawPointer, _ b: UnsafeRawPointer, count: Int, at offset: Int)
}

/// Goes through two datasets of one shape side by side, in pieces that are judged in parallel.
///
/// Each chunk is decoded once: where both have the same chunks, chunk by chunk; otherwise in bands
/// of whole rows of chunks. Only bands that would take too much memory are cut, and chunks at a cut
/// decoded once more. What is found does not depend on the pieces.
struct PieceByPiece {
  private let a: StoredElements
  private let b: StoredElements
  private let memory: MemoryPool

  /// Bytes of a piece of contiguous storage, whose findings are merged as one.
  private static var piece: Int { 16 << 20 }
  /// Bytes that are read at a time: few calls, and what was read is still in cache when it is
  /// judged.
  private static var step: Int { 1 << 20 }
  /// Bytes of decoded chunks that all threads together may hold of one side.
  private static var band: Int { 48 << 20 }

  init(_ a: StoredElements, _ b: StoredElements, _ memory: MemoryPool) {
    precondition(a.dataset.shape == b.dataset.shape, "one shape")
    self.a = a
    self.b = b
    self.memory = memory
  }

  /// What the judge finds in all elements.
  func run(_ judge: some PieceJudge) throws(HDF5Error) -> Comparison {
    let count = a.dataset.count
    guard count > 0 else { return judge.found }
    if let shape = a.chunkShape, shape == b.chunkShape { return try inChunks(shape, judge) }
    let isChunked = a.chunkShape != nil || b.chunkShape != nil
    let width = max(a.width, b.width)
    let window = isChunked ? bandLength(width) : max(1, Self.piece / width)
    let step = isChunked ? window : max(1, Self.step / width)
    return try merged((count - 1) / window + 1) { piece throws(HDF5Error) in
      let first = piece * window
      let range = first..<min(first + window, count)
      return try inWindow(range, step: min(step, count), judge)
    }
  }

  // MARK: Windows

  /// Elements of a band: whole rows of chunks of both sides where memory allows it.
  private func bandLength(_ width: Int) -> Int {
    let budget = max(1, Self.band / width / Parallel.threads)
    let shape = a.dataset.shape
    let row = max(1, a.dataset.count / shape[0])
    let heights = [a, b].compactMap { $0.chunkShape?[0] }
    let tallest = heights.max() ?? 1
    // The least number of rows that is whole for both, if there is a small one.
    let common = (1...64).map { tallest * $0 }.first { rows in
      heights.allSatisfy { rows % $0 == 0 }
    }
    for rows in [common, tallest].compactMap({ $0 }) where rows <= budget / row {
      return max(1, min(budget, Self.piece / 4 / width) / (rows * row)) * rows * row
    }
    return budget
  }

  private func inWindow(
    _ range: Range<Int>, step: Int, _ judge: some PieceJudge
  ) throws(HDF5Error) -> Comparison {
    try memory.withMemory { memory throws(HDF5Error) in
      var judge = judge
      let (first, second) = memory.windows(
        (step * a.width, place(of: range.lowerBound, in: a)),
        (step * b.width, place(of: range.lowerBound, in: b)))
      guard let p = first.baseAddress, let q = second.baseAddress else { return judge.found }
      for start in stride(from: range.lowerBound, to: range.upperBound, by: step) {
        let part = start..<min(start + step, range.upperBound)
        try a.read(part, into: first)
        try b.read(part, into: second)
        judge.take(p, q, count: part.count, at: start)
      }
      return judge.found
    }
  }

  /// Where in a page of its file an element begins.
  private func place(of element: Int, in side: StoredElements) -> Int {
    let page = ThreadMemory.page
    return (side.placeInPage(page) + element % page * side.width) % page
  }

  // MARK: Chunks

  private func inChunks(
    _ shape: [Int], _ judge: some PieceJudge
  ) throws(HDF5Error) -> Comparison {
    let bytes = max(1, shape.reduce(max(a.width, b.width), *))
    let together = max(1, Self.piece / 4 / bytes)
    let chunks = a.chunkCount
    return try merged((chunks - 1) / together + 1) { piece throws(HDF5Error) in
      try memory.withMemory { memory throws(HDF5Error) in
        guard let first = ChunkReader(a, memory.a), let second = ChunkReader(b, memory.b) else {
          return judge.found
        }
        var judge = judge
        for position in piece * together..<min((piece + 1) * together, chunks) {
          try first.withChunk(position) { bytes throws(HDF5Error) in
            guard let p = bytes.baseAddress else { return }
            try second.withChunk(position) { bytes throws(HDF5Error) in
              guard let q = bytes.baseAddress else { return }
              a.forEachRun(ofChunk: position) { element, place, count in
                judge.take(p + place * a.width, q + place * b.width, count: count, at: element)
              }
            }
          }
        }
        return judge.found
      }
    }
  }

  // MARK: In parallel

  /// The findings of all pieces together; the problem of the first piece that has one.
  private func merged(
    _ count: Int, _ body: @Sendable (Int) throws(HDF5Error) -> Comparison
  ) throws(HDF5Error) -> Comparison {
    let state = Mutex((found: Comparison(), failure: (piece: Int, error: HDF5Error)?.none))
    Parallel.forEach(count) { piece in
      guard state.withLock({ $0.failure.map { piece < $0.piece } ?? true }) else { return }
      do throws(HDF5Error) {
        let found = try body(piece)
        state.withLock { $0.found.merge(found) }
      } catch {
        state.withLock { state in
          guard piece < state.failure?.piece ?? .max else { return }
          state.failure = (piece, error)
        }
      }
    }
    let (found, failure) = state.withLock { $0 }
    if let failure { throw failure.error }
    return found
  }
}
