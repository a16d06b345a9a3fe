// StoredElements.swift

/// The elements of one dataset as they are stored, for readers that go through it only once.
///
/// Several threads may read from one value.
package struct StoredElements: Sendable {
  /// The dataset.
  package let dataset: Dataset
  /// Bytes of one element.
  package let width: Int
  private let path: String
  let file: OpenFile
  private let source: ElementSource

  /// The elements of a dataset; fails with its problem where they cannot be found.
  package init(_ dataset: Dataset, in file: HDF5File) throws(HDF5Error) {
    guard let width = dataset.storedWidth else {
      throw HDF5Error(
        file: file.path, object: dataset.path, dataset.problem ?? HDF5Problem(.changed))
    }
    self.dataset = dataset
    self.width = width
    self.file = file.file
    path = file.path
    source = ElementSource(
      type: dataset.elementType, order: dataset.byteOrder, width: width)
  }

  /// Where in a page of the file the elements begin; 0 where they are in no one piece.
  package func placeInPage(_ page: Int) -> Int {
    if case .contiguous(let offset) = dataset.storage { offset % page } else { 0 }
  }

  /// The shape of the chunks; nil where there are none.
  package var chunkShape: [Int]? {
    if case .chunked(let grid) = dataset.storage { grid.chunkShape } else { nil }
  }

  /// The number of chunks; 0 where there are none.
  package var chunkCount: Int {
    if case .chunked(let grid) = dataset.storage { grid.chunks.count } else { 0 }
  }

  /// Calls `body` for each run of neighbours in a chunk and in the dataset: where it begins in the
  /// dataset, where in the chunk, and how long it is.
  package func forEachRun(ofChunk position: Int, _ body: (Int, Int, Int) -> Void) {
    guard case .chunked(let grid) = dataset.storage else { return }
    let layout = RunLayout(shape: dataset.shape, chunkShape: grid.chunkShape)
    for run in layout.runs(of: grid.place(of: position, in: dataset.shape)) {
      body(run.element, run.chunkElement, run.count)
    }
  }

  /// Fills memory with a window of elements in row-major order, on this thread.
  package func read(
    _ range: Range<Int>, into target: UnsafeMutableRawBufferPointer
  ) throws(HDF5Error) {
    precondition(range.lowerBound >= 0 && range.upperBound <= dataset.count, "\(range) is outside")
    precondition(target.count >= range.count * width, "memory for \(range.count) elements")
    guard let base = target.baseAddress, !range.isEmpty else { return }
    do throws(HDF5Problem) {
      try ElementReader(
        file: file, dataset: dataset, source: source, kind: .stored, stride: width, range: range,
        threads: 1
      ).fill(base)
    } catch {
      throw HDF5Error(file: path, object: dataset.path, error)
    }
  }

  // MARK: Numbers

  /// Whether the stored bytes are numbers of this machine as they stand.
  package func isNative(_ kind: ReadableKind) -> Bool { source.isIdentical(to: kind) }

  /// Converts stored elements without loss; false where one of them does not fit.
  package func convert(
    _ bytes: UnsafeRawPointer, count: Int, to kind: ReadableKind,
    _ target: UnsafeMutableRawPointer
  ) -> Bool {
    source.convert(bytes, count: count, to: kind, target) == nil
  }

  func error(_ problem: HDF5Problem) -> HDF5Error {
    HDF5Error(file: path, object: dataset.path, problem)
  }
}

/// Decodes chunk after chunk of one dataset.
package struct ChunkReader {
  private let elements: StoredElements
  private let grid: ChunkGrid
  private let decoder: ChunkDecoder

  /// A reader of a chunked dataset; nil for any other.
  ///
  /// Only one thread may use the memory.
  package init?(_ elements: StoredElements, _ memory: DecodingMemory) {
    guard case .chunked(let grid) = elements.dataset.storage else { return nil }
    self.elements = elements
    self.grid = grid
    decoder = ChunkDecoder(grid: grid, elementSize: elements.width, memory: memory)
  }

  /// Lends the bytes of the chunk at a row-major position of the grid, whole as it is stored.
  package func withChunk(
    _ position: Int, _ body: (UnsafeRawBufferPointer) throws(HDF5Error) -> Void
  ) throws(HDF5Error) {
    let place = grid.place(of: position, in: elements.dataset.shape)
    var inner: HDF5Error?
    do throws(HDF5Problem) {
      try decoder.withChunk(position, place: place, from: elements.file) { bytes in
        do throws(HDF5Error) {
          try body(bytes)
        } catch {
          inner = error
        }
      }
    } catch {
      throw elements.error(error)
    }
    if let inner { throw inner }
  }
}

extension StoredElements {
  /// A whole number or a truth value, whatever its width.
  package func wholeNumber(_ bytes: UnsafeRawPointer, at index: Int) -> Int128 {
    switch dataset.elementType {
    case .int8: Int128(word(bytes, index, Int8.self))
    case .int16: Int128(word(bytes, index, Int16.self))
    case .int32: Int128(word(bytes, index, Int32.self))
    case .int64: Int128(word(bytes, index, Int64.self))
    case .uint8, .boolean: Int128(word(bytes, index, UInt8.self))
    case .uint16: Int128(word(bytes, index, UInt16.self))
    case .uint32: Int128(word(bytes, index, UInt32.self))
    default: Int128(word(bytes, index, UInt64.self))
    }
  }

  @inline(__always)
  private func word<Word: FixedWidthInteger & BitwiseCopyable>(
    _ bytes: UnsafeRawPointer, _ index: Int, _ type: Word.Type
  ) -> Word {
    let stored = bytes.loadUnaligned(
      fromByteOffset: index * MemoryLayout<Word>.size, as: Word.self)
    return dataset.byteOrder == .bigEndian ? Word(bigEndian: stored) : Word(littleEndian: stored)
  }
}
