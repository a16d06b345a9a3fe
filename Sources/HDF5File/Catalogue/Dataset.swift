// Dataset.swift

/// An array in a file: what it is and where its bytes are, not the bytes.
public struct Dataset: Sendable {
  /// The path by which it was met first.
  public let path: ObjectPath
  /// Equal for two hard links to one object.
  public let objectID: UInt64
  /// Length of each axis; none for a scalar.
  public let shape: [Int]
  /// What one element is.
  public let elementType: ElementType
  /// The order of the bytes of one element.
  public let byteOrder: ByteOrder
  /// Its attributes, in order of their names.
  public let attributes: [Attribute]
  /// Why it cannot be read, if so.
  ///
  /// It stays listed, and the rest of the file stays usable.
  public let problem: HDF5Problem?
  /// Where its bytes are.
  package let storage: Storage
  /// How its elements are stored where they are strings that can be read as such.
  ///
  /// As numbers they cannot be read: `problem` says so.
  package let text: TextForm?

  package init(
    path: ObjectPath, objectID: UInt64, shape: [Int], elementType: ElementType,
    byteOrder: ByteOrder, attributes: [Attribute], problem: HDF5Problem?, storage: Storage,
    text: TextForm? = nil
  ) {
    self.path = path
    self.objectID = objectID
    self.shape = shape
    self.elementType = elementType
    self.byteOrder = byteOrder
    self.attributes = attributes
    self.problem = problem
    self.storage = storage
    self.text = text
  }

  /// The number of elements; validated to fit when `problem` is nil.
  public var count: Int { shape.reduce(1) { $0.multipliedReportingOverflow(by: $1).partialValue } }

  /// Bytes of one element as stored; nil where elements cannot be found.
  package var storedWidth: Int? {
    text?.width ?? (problem == nil ? elementType.byteCount : nil)
  }

  /// How it is stored.
  public var storageKind: StorageKind {
    switch storage {
    case .none: .none
    case .compact: .compact
    case .contiguous: .contiguous
    case .chunked(let grid): .chunked(shape: grid.chunkShape, filters: grid.filters)
    }
  }

  /// The attribute of a name.
  public func attribute(_ name: String) -> AttributeValue? {
    attributes.first { $0.name == name }?.value
  }
}
