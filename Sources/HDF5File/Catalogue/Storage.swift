// Storage.swift

/// Where the bytes of a dataset are, as checked against the file.
package enum Storage: Sendable {
  /// No element, hence no byte.
  case none
  /// Within the object's header; the bytes themselves.
  case compact([UInt8])
  /// One run of bytes at an absolute offset of the file.
  case contiguous(offset: Int)
  /// A grid of chunks.
  case chunked(ChunkGrid)
}

/// How a dataset is stored, for reports.
public enum StorageKind: Hashable, Sendable {
  /// Nothing is stored: there is no element, or the dataset was refused.
  case none
  /// Within the object's header.
  case compact
  /// One run of bytes.
  case contiguous
  /// Chunks of one shape, each passed through filters.
  case chunked(shape: [Int], filters: [Filter])
}

/// One step that bytes went through when they were written.
public enum Filter: Hashable, Sendable {
  /// gzip's compression (RFC 1951 within RFC 1950).
  case deflate
  /// Bytes of equal significance brought together.
  case shuffle
  /// A checksum of four bytes at the end.
  case fletcher32
}

/// The chunks of one dataset.
package struct ChunkGrid: Sendable {
  /// Elements of one chunk along each axis.
  package let chunkShape: [Int]
  /// Chunks along each axis.
  package let gridShape: [Int]
  /// Steps in the order in which they were applied when writing.
  package let filters: [Filter]
  /// Whether chunks that reach beyond the dataset are stored without filters.
  package let partialChunksAreRaw: Bool
  /// One for each place of the grid, row-major.
  package let chunks: [Chunk]
}

/// Where one chunk is.
package struct Chunk: Sendable {
  /// Absolute offset in the file.
  package let offset: Int
  /// Bytes in the file.
  package let size: Int
  /// Bit i set: filter i was not applied to this chunk.
  package let skippedFilters: UInt32
}
