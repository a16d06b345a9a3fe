// DatasetForm.swift

internal import CHDF5

/// A number that can be written: `Float`, `Double`, `Int64` or `UInt8`.
public protocol WritableElement: BitwiseCopyable, Sendable {
  /// Which of the four.
  static var elementType: ElementType { get }
}

extension Float: WritableElement {
  /// IEEE 754 binary32.
  public static var elementType: ElementType { .float32 }
}

extension Double: WritableElement {
  /// IEEE 754 binary64.
  public static var elementType: ElementType { .float64 }
}

extension Int64: WritableElement {
  /// Two's complement, 64 bits.
  public static var elementType: ElementType { .int64 }
}

extension UInt8: WritableElement {
  /// Unsigned, 8 bits.
  public static var elementType: ElementType { .uint8 }
}

/// How a dataset is divided and compressed.
public struct DatasetCompression: Sendable {
  /// Elements of one chunk along each axis.
  public let chunkShape: [Int]
  /// 0 (none) to 9 (smallest).
  public let level: Int

  /// Chunks of a shape, shuffled and gzipped.
  public init(chunkShape: [Int], level: Int = 4) {
    precondition((0...9).contains(level), "gzip has levels 0 to 9")
    precondition(chunkShape.allSatisfy { $0 > 0 }, "a chunk has elements")
    self.chunkShape = chunkShape
    self.level = level
  }
}

/// Everything about a new dataset but its elements.
struct DatasetForm {
  let shape: [Int]
  let compression: DatasetCompression?

  /// Creates the dataset and writes its elements.
  func write<Element: WritableElement>(
    _ elements: [Element], to file: hid_t, at path: String
  ) throws(LibraryFailure) {
    let type = try Self.libraryType(Element.elementType)
    let space = try Self.space(shape)
    let properties = try creationProperties()
    let (spaceID, creation) = (space.id, properties.id)
    let dataset = try Handle(.dataset) {
      $0.H5Dcreate2(
        file, path, type, spaceID, CHDF5_default(), creation, CHDF5_default())
    }
    let id = dataset.id
    if !elements.isEmpty {
      try Library.call { library in
        elements.withUnsafeBytes {
          library.H5Dwrite(id, type, CHDF5_all(), CHDF5_all(), CHDF5_default(), $0.baseAddress)
        }
      }
    }
    try dataset.close()
  }

  /// The dataspace of a shape.
  static func space(_ shape: [Int]) throws(LibraryFailure) -> Handle {
    let lengths = shape.map { hsize_t($0) }
    return try Handle(.space) {
      lengths.isEmpty
        ? $0.H5Screate(H5S_SCALAR) : $0.H5Screate_simple(Int32(lengths.count), lengths, nil)
    }
  }

  /// The type of the elements in memory.
  static func libraryType(_ type: ElementType) throws(LibraryFailure) -> hid_t {
    try Library.call { library in
      switch type {
      case .float32: library.nativeFloat
      case .float64: library.nativeDouble
      case .int64: library.nativeInt64
      default: library.nativeUInt8
      }
    }
  }

  private func creationProperties() throws(LibraryFailure) -> Handle {
    let properties = try Handle(.properties) { $0.H5Pcreate($0.datasetCreate) }
    let id = properties.id
    // Times of writing would make equal content different files.
    try Library.call { $0.H5Pset_obj_track_times(id, false) }
    if let compression, !shape.contains(0), !shape.isEmpty {
      let lengths = compression.chunkShape.map { hsize_t($0) }
      try Library.call { $0.H5Pset_chunk(id, Int32(lengths.count), lengths) }
      try Library.call { $0.H5Pset_shuffle(id) }
      try Library.call { $0.H5Pset_deflate(id, UInt32(compression.level)) }
    }
    return properties
  }
}
