// Superblock.swift
// The few bytes that the parent reads itself, to say in plain words what libhdf5 says in riddles.
// Layout: HDF5 File Format Specification 3.0, section II.A.

/// The beginning of an HDF5 file.
package struct Superblock {
  /// Bytes before it.
  let userBlockSize: Int
  /// Its own bytes, at least.
  let size: Int
  /// The end of the file that it states; nil where its offsets have another width than 8 bytes.
  let declaredEnd: UInt64?
  /// Whether a writer has the file open, or did not close it.
  let isOpenForWriting: Bool

  private static let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]

  /// Whether a file has the signature at 0, 512, 1024, 2048, … .
  package static func isPresent(in file: OpenFile) throws(HDF5Problem) -> Bool {
    var offset = 0
    while offset < file.size {
      if try file.prefix(8, at: offset) == signature { return true }
      offset = offset == 0 ? 512 : offset * 2
    }
    return false
  }

  /// Finds it at 0, 512, 1024, 2048, … .
  init(of file: OpenFile) throws(HDF5Problem) {
    var offset = 0
    while offset < file.size {
      let bytes = try file.prefix(64, at: offset)
      if bytes.starts(with: Self.signature) {
        self.init(bytes, offset: offset)
        return
      }
      offset = offset == 0 ? 512 : offset * 2
    }
    throw HDF5Problem(.notHDF5(firstBytes: try file.prefix(8, at: 0)))
  }

  private init(_ bytes: [UInt8], offset: Int) {
    userBlockSize = offset
    let version = bytes.count > 8 ? bytes[8] : 0
    let widthAt = version < 2 ? 13 : 9
    let endAt = version == 0 ? 40 : version == 1 ? 44 : 28
    size = version == 0 ? 96 : version == 1 ? 100 : 48
    if bytes.count > widthAt, bytes[widthAt] == 8, bytes.count >= endAt + 8 {
      declaredEnd = bytes[endAt..<(endAt + 8)].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    } else {
      declaredEnd = nil
    }
    // Version 3: bit 0 open for writing, bit 2 for writing with readers beside (SWMR).
    isOpenForWriting = version == 3 && bytes.count > 11 && bytes[11] & 0b101 != 0
  }
}
