// ZipArchive.swift
// Source: PKWARE APPNOTE 6.3.10, sections 4.3 (layout) and 4.5.3 (zip64). The central directory
// counts; local headers must agree with it in name and place.

internal import CDeflate
import HDF5File
import Text

/// A zip file: its members as the central directory lists them, each checked before it is read.
public struct ZipArchive: Sendable {
  /// One file in the archive.
  public struct Member: Hashable, Sendable {
    /// Its name, with `/` between folders: untrusted text.
    public let name: String
    /// Its bytes when it is unpacked.
    public let size: Int
    /// 0 stored, 8 deflate.
    public let method: Int
    let checksum: UInt32
    let packedSize: Int
    let header: Int
  }

  /// The members, in the order of the directory; folders are left out.
  public let members: [Member]
  private let file: OpenFile

  /// Most members of an archive.
  static let longest = 1_000_000

  /// Whether bytes are the beginning of a zip file: a local header, or the end of an empty one.
  static func begins(_ bytes: [UInt8]) -> Bool {
    bytes.starts(with: [0x50, 0x4B, 3, 4]) || bytes.starts(with: [0x50, 0x4B, 5, 6])
  }

  /// The member of a name.
  public func member(_ name: String) -> Member? {
    members.first { $0.name.utf8.elementsEqual(name.utf8) }
  }

  // MARK: Directory

  init(_ file: OpenFile) throws(WeightProblem) {
    self.file = file
    let end = try ZipDirectoryEnd(of: file)
    var bytes = LittleEndianBytes(try Self.bytes(end.offset..<(end.offset + end.size), of: file))
    var members: [Member] = []
    var names: Set<[UInt8]> = []
    for _ in 0..<end.count {
      let (name, member) = try Self.entry(&bytes, limit: end.offset)
      guard names.insert(name).inserted else {
        throw WeightProblem(.malformed("the zip lists `\(member.name)` twice"))
      }
      if !member.name.hasSuffix("/") { members.append(member) }
    }
    guard bytes.remaining == 0 else {
      throw WeightProblem(.malformed("the zip's directory has other members than it counts"))
    }
    try Self.judgePlaces(members)
    self.members = members
  }

  /// Section 4.3.12.
  private static func entry(
    _ bytes: inout LittleEndianBytes, limit: Int
  ) throws(WeightProblem) -> (name: [UInt8], Member) {
    guard try bytes.number(UInt32.self) == 0x0201_4B50 else {
      throw WeightProblem(.malformed("an entry of the zip's directory has no signature"))
    }
    try bytes.skip(4)  // versions
    let flags = try bytes.number(UInt16.self)
    let method = Int(try bytes.number(UInt16.self))
    try bytes.skip(4)  // time and date
    let checksum = try bytes.number(UInt32.self)
    var packed = UInt64(try bytes.number(UInt32.self))
    var size = UInt64(try bytes.number(UInt32.self))
    let nameLength = Int(try bytes.number(UInt16.self))
    let extraLength = Int(try bytes.number(UInt16.self))
    let commentLength = Int(try bytes.number(UInt16.self))
    let disk = try bytes.number(UInt16.self)
    try bytes.skip(6)  // attributes
    var header = UInt64(try bytes.number(UInt32.self))
    let nameBytes = try bytes.take(nameLength)
    let extra = try bytes.take(extraLength)
    try bytes.skip(commentLength)
    guard let name = String(validating: nameBytes, as: UTF8.self), !name.isEmpty else {
      throw WeightProblem(.malformed("a name in the zip's directory is not UTF-8"))
    }
    guard flags & 1 == 0 else { throw WeightProblem(source: name, .malformed("it is encrypted")) }
    guard disk == 0 || disk == 0xFFFF else {
      throw WeightProblem(.malformed("the zip is split over several files"))
    }
    try Self.widen(&size, &packed, &header, by: extra)
    guard let packedSize = Int(exactly: packed), let size = Int(exactly: size),
      let header = Int(exactly: header), header <= limit, packedSize <= limit - header
    else { throw WeightProblem(source: name, .cutShort("its bytes lie outside the zip")) }
    return (
      nameBytes,
      Member(
        name: name, size: size, method: method, checksum: checksum, packedSize: packedSize,
        header: header)
    )
  }

  /// Section 4.5.3: 64-bit values, in this order, for those fields that are all ones.
  private static func widen(
    _ size: inout UInt64, _ packed: inout UInt64, _ header: inout UInt64, by extra: [UInt8]
  ) throws(WeightProblem) {
    let full = UInt64(UInt32.max)
    guard size == full || packed == full || header == full else { return }
    var fields = LittleEndianBytes(extra)
    while fields.remaining >= 4 {
      let identifier = try fields.number(UInt16.self)
      let length = Int(try fields.number(UInt16.self))
      var content = LittleEndianBytes(try fields.take(length))
      guard identifier == 1 else { continue }
      if size == full { size = try content.number() }
      if packed == full { packed = try content.number() }
      if header == full { header = try content.number() }
      return
    }
    throw WeightProblem(.malformed("a zip64 member has no zip64 sizes"))
  }

  /// Members that share bytes unpack to more than the file could hold: a bomb.
  private static func judgePlaces(_ members: [Member]) throws(WeightProblem) {
    var end = 0
    for member in members.sorted(by: { $0.header < $1.header }) {
      guard member.header >= end else {
        throw WeightProblem(source: member.name, .malformed("it shares bytes with another member"))
      }
      end = member.header + 30 + member.packedSize
    }
  }

  // MARK: Content

  /// The first bytes of a member; only those are read, where the member is stored as it is.
  public func beginning(of member: Member, count: Int) throws(WeightProblem) -> [UInt8] {
    guard member.method == 0 else { return Array(try content(of: member).prefix(count)) }
    let first = try firstByte(of: member)
    return try Self.bytes(first..<(first + min(count, member.packedSize)), of: file)
  }

  /// The bytes of a member, unpacked and held against their checksum.
  public func content(
    of member: Member, limit: Int = .max
  ) throws(WeightProblem) -> [UInt8] {
    guard member.size <= limit else {
      throw WeightProblem(source: member.name, .tooLarge(bytes: member.size, limit: limit))
    }
    let first = try firstByte(of: member)
    let packed = try Self.bytes(first..<(first + member.packedSize), of: file)
    let content: [UInt8]
    switch member.method {
    case 0:
      guard member.packedSize == member.size else {
        throw WeightProblem(source: member.name, .malformed("its two sizes differ"))
      }
      content = packed
    case 8: content = try Self.inflate(packed, member)
    default:
      throw WeightProblem(
        source: member.name,
        .refused(
          what: "packed with the zip method \(member.method)",
          advice: "pack it with deflate, or store it"))
    }
    let checksum = content.withUnsafeBytes {
      libdeflate_crc32(0, $0.baseAddress, $0.count)
    }
    guard checksum == member.checksum else {
      throw WeightProblem(source: member.name, .malformed("its checksum (CRC-32) does not match"))
    }
    return content
  }

  /// Section 4.3.7: the header before the bytes, whose lengths of its own say where they begin.
  private func firstByte(of member: Member) throws(WeightProblem) -> Int {
    let header = try Self.bytes(member.header..<(member.header + 30), of: file)
    var fields = LittleEndianBytes(header)
    guard try fields.number(UInt32.self) == 0x0403_4B50 else {
      throw WeightProblem(source: member.name, .malformed("it has no header of its own"))
    }
    try fields.skip(22)
    let nameLength = Int(try fields.number(UInt16.self))
    let extraLength = Int(try fields.number(UInt16.self))
    let start = member.header + 30
    let name = try Self.bytes(start..<(start + nameLength), of: file)
    guard name.elementsEqual(member.name.utf8) else {
      throw WeightProblem(source: member.name, .malformed("its own header has another name"))
    }
    return start + nameLength + extraLength
  }

  /// RFC 1951, which packs at most 1,032 bytes into one.
  private static func inflate(
    _ packed: [UInt8], _ member: Member
  ) throws(WeightProblem) -> [UInt8] {
    guard member.size / 1032 <= packed.count else {
      throw WeightProblem(source: member.name, .malformed("so few bytes cannot unpack to its size"))
    }
    let decompressor = libdeflate_alloc_decompressor()
    defer { libdeflate_free_decompressor(decompressor) }
    var consumed = 0
    var produced = 0
    // One byte more, so that there is an address also where nothing is to come out.
    var content = [UInt8](repeating: 0, count: member.size + 1)
    let result = packed.withUnsafeBytes { source in
      content.withUnsafeMutableBytes { target in
        libdeflate_deflate_decompress_ex(
          decompressor, source.baseAddress, source.count, target.baseAddress, member.size,
          &consumed, &produced)
      }
    }
    guard result == LIBDEFLATE_SUCCESS, produced == member.size, consumed == packed.count else {
      throw WeightProblem(source: member.name, .malformed("its compressed bytes are damaged"))
    }
    content.removeLast()
    return content
  }

  static func bytes(
    _ range: Range<Int>, of file: OpenFile
  ) throws(WeightProblem) -> [UInt8] {
    guard range.upperBound <= file.size else {
      throw WeightProblem(.cutShort("the zip's members reach beyond its end"))
    }
    do throws(HDF5Problem) {
      return try file.prefix(range.count, at: range.lowerBound)
    } catch {
      throw WeightProblem(.hdf5(error))
    }
  }
}
