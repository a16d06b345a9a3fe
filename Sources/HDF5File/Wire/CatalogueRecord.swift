// CatalogueRecord.swift
// What the confined process says, and how. A stream of records: tag (1 byte), length of the
// payload (4 bytes), payload; numbers are little-endian. The reader trusts none of it.

/// The first bytes of every catalogue; the last is the version.
enum CatalogueFormat {
  static let magic: [UInt8] = Array("CNNCAT".utf8) + [0, 2]
  /// Longest payload of one record.
  static let longestRecord = 4 << 20
  /// Longest catalogue.
  static let longest = 512 << 20
}

/// What a record is about.
enum RecordTag: UInt8 {
  /// u32 bits of what confines the process.
  case confinement = 1
  /// u64 size of the user block.
  case file
  /// Path of the object that is opened next, for the message if that kills the process.
  case visiting
  /// Name, u64 object; members follow until `groupEnd`. The root's name is empty.
  case groupBegin
  /// Nothing.
  case groupEnd
  /// Name, value; belongs to the group that is open, or the dataset just told.
  case attribute
  /// Name, u64 object, type, shape, storage; or why not.
  case dataset
  /// u32 count, then for each chunk u64 place in the grid, u64 offset, u64 size, u32 mask.
  case chunks
  /// Name, u64 of an object that was told before.
  case hardLink
  /// Path, code, facts, frames: the file is refused; nothing follows.
  case refusal
  /// Nothing: the catalogue is whole.
  case end
}

/// Why the walk refuses the whole file.
enum RefusalCode: UInt8 {
  case softLink = 1
  case externalLink
  case userDefinedLink
  case externalStorage
  case virtualDataset
  case hardLinkCycle
  case tooDeep
  case tooManyObjects
  case tooManyLinks
  case tooManyAttributes
  case attributeTooLarge
  case attributeUnreadable
  case invalidName
  case library
}

/// Why the walk could not describe one dataset.
enum DatasetFault: UInt8 {
  case none = 0
  case committedDatatype
  case library
  case tooManyAxes
  case nullDataspace
}

/// How the walk describes storage.
enum StorageTag: UInt8 {
  /// The type is no number, or there is no element: nothing to say.
  case none = 0
  case compact
  case contiguous
  case chunked
}

/// How the walk describes an attribute's value.
enum AttributeTag: UInt8 {
  /// Type, shape, raw bytes.
  case numbers = 1
  /// Shape, for each string a u32 length and bytes.
  case strings
  /// u8 class of type that has no value here, or one of the two reasons of `TypeFields`.
  case unsupported
}

/// Limits of the walk, which the reader of the catalogue enforces once more.
enum WalkLimit {
  static let depth = 32
  static let objects = 1_000_000
  static let links = 65_536
  static let attributes = 4_096
  static let attributeBytes = 1 << 20
  static let axes = 8
  static let compactBytes = 65_536
  static let chunks = 1_000_000
  static let filters = 8
  static let filterValues = 32
  static let frames = 32
}

/// The bit fields of a datatype, as libhdf5 reports them.
struct TypeFields: Hashable {
  /// The class as `H5T_class_t` counts them.
  ///
  /// 0 integer, 1 float, 3 string, 8 enumeration, …
  var typeClass: UInt8 = 0
  /// Bytes.
  var size: UInt32 = 0
  /// 0 little-endian, 1 big-endian, 2 VAX, 3 mixed, 4 none.
  var order: UInt8 = 0
  /// Integers: 0 unsigned, 1 two's complement.
  var sign: UInt8 = 0
  /// Significant bits, and the position of the lowest.
  var precision: UInt32 = 0
  var offset: UInt32 = 0
  /// Floats: positions and widths in bits.
  var signPosition: UInt32 = 0
  var exponentPosition: UInt32 = 0
  var exponentSize: UInt32 = 0
  var mantissaPosition: UInt32 = 0
  var mantissaSize: UInt32 = 0
  var exponentBias: UInt64 = 0
  /// 0 implied leading bit, 1 leading bit stored, 2 not normalised.
  var normalisation: UInt8 = 0
  /// 1: an enumeration of exactly FALSE = 0 and TRUE = 1 over one byte.
  var isBoolean: UInt8 = 0
  /// Strings: 1 ended by a null, 2 filled with nulls, 3 with spaces, 4 of variable length.
  var text: UInt8 = 0

  /// In the place of a class: an attribute without a dataspace, or with too many axes.
  static let noDataspace: UInt8 = 255
  static let tooManyAxes: UInt8 = 254

  /// Whether elements are numbers of fixed size: integers, floats, truth values, or opaque pairs of
  /// bytes, which an attribute may call numbers.
  var isNumber: Bool {
    typeClass == 0 || typeClass == 1 || (typeClass == 8 && isBoolean == 1) || isOpaquePair
  }

  /// Whether elements are references to objects of the file: the addresses of their headers.
  var isObjectReference: Bool { typeClass == 7 && Int(size) == Self.referenceSize }

  /// The bytes of a reference to an object.
  static let referenceSize = 8

  /// Whether elements are strings whose bytes can be found.
  var isText: Bool { typeClass == 3 && (1...4).contains(text) }

  /// Whether the storage of elements is told.
  var hasStorage: Bool { isNumber || isObjectReference || isText }

  /// Whether elements are two bytes of no declared meaning.
  var isOpaquePair: Bool { typeClass == 5 && size == 2 }
}
