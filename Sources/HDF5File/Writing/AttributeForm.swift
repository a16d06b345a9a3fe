// AttributeForm.swift

internal import CHDF5
import Text

/// A new attribute.
struct AttributeForm {
  private let value: AttributeValue

  init(_ value: AttributeValue) {
    self.value = value
  }

  /// Creates and writes it.
  func write(_ name: String, to object: hid_t) throws(LibraryFailure) {
    switch value {
    case .integers(let numbers, let shape):
      let type = try DatasetForm.libraryType(.int64)
      try write(name, to: object, type, shape, numbers.map { Int64($0) })
    case .reals(let numbers, let shape):
      try write(name, to: object, DatasetForm.libraryType(.float64), shape, numbers)
    case .booleans(let truths, let shape):
      let type = try Self.booleanType()
      try write(name, to: object, type.id, shape, truths.map { UInt8($0 ? 1 : 0) })
    case .strings(let strings, let shape):
      let size = max(1, strings.map(\.bytes.count).max() ?? 1)
      let type = try Self.stringType(size)
      let padded = strings.flatMap { string in
        string.bytes + [UInt8](repeating: 0, count: size - string.bytes.count)
      }
      try write(name, to: object, type.id, shape, padded)
    case .unsupported:
      preconditionFailure("what could not be read has no value to write")
    }
  }

  private func write<Element: BitwiseCopyable>(
    _ name: String, to object: hid_t, _ type: hid_t, _ shape: [Int], _ elements: [Element]
  ) throws(LibraryFailure) {
    let space = try DatasetForm.space(shape)
    let spaceID = space.id
    let attribute = try Handle(.attribute) {
      $0.H5Acreate2(object, name, type, spaceID, CHDF5_default(), CHDF5_default())
    }
    let id = attribute.id
    if !elements.isEmpty {
      try Library.call { library in
        elements.withUnsafeBytes { library.H5Awrite(id, type, $0.baseAddress) }
      }
    }
    try attribute.close()
  }

  /// UTF-8 of fixed length, padded with zeros.
  private static func stringType(_ size: Int) throws(LibraryFailure) -> Handle {
    let type = try Handle(.type) { $0.H5Tcopy($0.cString) }
    let id = type.id
    try Library.call { $0.H5Tset_size(id, size) }
    try Library.call { $0.H5Tset_strpad(id, H5T_STR_NULLPAD) }
    try Library.call { $0.H5Tset_cset(id, H5T_CSET_UTF8) }
    return type
  }

  /// h5py's truth values.
  private static func booleanType() throws(LibraryFailure) -> Handle {
    let type = try Handle(.type) { $0.H5Tenum_create($0.nativeInt8) }
    let id = type.id
    for (name, value) in [("FALSE", Int8(0)), ("TRUE", 1)] {
      var value = value
      try Library.call { $0.H5Tenum_insert(id, name, &value) }
    }
    return type
  }
}
