import HDF5File

/// A dataset in the making.
public struct DraftTensor {
  /// How the elements are stored.
  public enum Storage: Sendable {
    case float32, float64, int64
  }

  /// The elements in row-major order.
  public var elements: [Double]
  /// The extents.
  public var shape: [Int]
  /// How the elements are stored.
  public var storage: Storage
  /// The shape of the chunks, if the dataset is to be chunked and compressed.
  public var chunks: [Int]?

  /// A dataset of given elements.
  public init(
    _ elements: [Double], _ shape: [Int], _ storage: Storage = .float32, chunks: [Int]? = nil
  ) {
    self.elements = elements
    self.shape = shape
    self.storage = storage
    self.chunks = chunks
  }

  /// Elements that look irregular and are multiples of 1/8 between −2 and 2: sums and products of
  /// a few of them are exact in single precision.
  public static func eighths(_ shape: [Int], seed: Int) -> DraftTensor {
    let count = shape.reduce(1, *)
    return DraftTensor((0..<count).map { Double(($0 * 37 + seed * 11) % 33 - 16) / 8 }, shape)
  }

  /// The same elements in double precision.
  public var double: DraftTensor { DraftTensor(elements, shape, .float64, chunks: chunks) }

  func write(to writer: borrowing HDF5Writer, at path: String) throws(HDF5Error) {
    let compression = chunks.map { DatasetCompression(chunkShape: $0) }
    switch storage {
    case .float32:
      try writer.dataset(path, elements.map { Float($0) }, shape: shape, compression: compression)
    case .float64:
      try writer.dataset(path, elements, shape: shape, compression: compression)
    case .int64:
      try writer.dataset(path, elements.map { Int64($0) }, shape: shape, compression: compression)
    }
  }
}

extension DraftTensor {
  /// The product of two matrices.
  public static func * (a: DraftTensor, b: DraftTensor) -> DraftTensor {
    let (rows, inner, columns) = (a.shape[0], b.shape[0], b.shape[1])
    var product = DraftTensor(Array(repeating: 0, count: rows * columns), [rows, columns])
    for row in 0..<rows {
      for column in 0..<columns {
        for k in 0..<inner {
          product.elements[row * columns + column] +=
            a.elements[row * inner + k] * b.elements[k * columns + column]
        }
      }
    }
    return product
  }

  /// The transposed matrix.
  public var transposed: DraftTensor {
    let (rows, columns) = (shape[0], shape[1])
    let elements = (0..<rows * columns).map { self.elements[$0 % rows * columns + $0 / rows] }
    return DraftTensor(elements, [columns, rows])
  }

  /// The sum of each column.
  public var columnSums: DraftTensor {
    let columns = shape[1]
    let sums = (0..<columns).map { column in
      stride(from: column, to: elements.count, by: columns).reduce(0) { $0 + elements[$1] }
    }
    return DraftTensor(sums, [columns])
  }

  /// Each element combined with the one of another tensor; a row is repeated for each row.
  public func combined(
    with other: DraftTensor, _ combine: (Double, Double) -> Double
  ) -> DraftTensor {
    let pairs = elements.enumerated().map { index, element in
      combine(element, other.elements[index % other.elements.count])
    }
    return DraftTensor(pairs, shape)
  }
}
