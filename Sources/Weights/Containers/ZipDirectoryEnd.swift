import HDF5File

/// The record at the end of a zip file that says where the directory is (sections 4.3.14 to 16).
struct ZipDirectoryEnd {
  let count: Int
  let offset: Int
  let size: Int

  init(of file: OpenFile) throws(WeightProblem) {
    // 22 bytes and a comment of at most 65,535.
    let tailStart = max(0, file.size - 22 - 65_535)
    let tail = try ZipArchive.bytes(tailStart..<file.size, of: file)
    guard let place = Self.place(in: tail) else {
      throw WeightProblem(.cutShort("the zip has no directory at its end"))
    }
    var fields = LittleEndianBytes(Array(tail[(place + 4)...]))
    let disks = (try fields.number(UInt16.self), try fields.number(UInt16.self))
    _ = try fields.number(UInt16.self)
    var count = UInt64(try fields.number(UInt16.self))
    var size = UInt64(try fields.number(UInt32.self))
    var offset = UInt64(try fields.number(UInt32.self))
    var directoryEnd = tailStart + place
    if count == 0xFFFF || size == 0xFFFF_FFFF || offset == 0xFFFF_FFFF || disks.0 == 0xFFFF {
      if let wide = try Self.wide(before: tailStart + place, of: file) {
        (count, size, offset, directoryEnd) = wide
      }
    } else if disks != (0, 0) {
      throw WeightProblem(.malformed("the zip is split over several files"))
    }
    guard count <= ZipArchive.longest, let offset = Int(exactly: offset),
      let size = Int(exactly: size), offset <= directoryEnd, size <= directoryEnd - offset,
      count <= size / 46
    else { throw WeightProblem(.malformed("the zip's directory does not fit the file")) }
    self.count = Int(count)
    self.offset = offset
    self.size = size
  }

  /// The last place with the signature whose comment ends with the file.
  private static func place(in tail: [UInt8]) -> Int? {
    guard tail.count >= 22 else { return nil }
    for place in (0...(tail.count - 22)).reversed()
    where tail[place] == 0x50 && tail[place + 1] == 0x4B && tail[place + 2] == 5
      && tail[place + 3] == 6
    {
      let comment = Int(tail[place + 20]) | Int(tail[place + 21]) << 8
      if place + 22 + comment == tail.count { return place }
    }
    return nil
  }

  private static func wide(
    before end: Int, of file: OpenFile
  ) throws(WeightProblem) -> (count: UInt64, size: UInt64, offset: UInt64, end: Int)? {
    guard end >= 20 else { return nil }
    var locator = LittleEndianBytes(try ZipArchive.bytes((end - 20)..<end, of: file))
    guard try locator.number(UInt32.self) == 0x0706_4B50 else { return nil }
    try locator.skip(4)
    guard let place = Int(exactly: try locator.number(UInt64.self)), end - 20 >= 56,
      place <= end - 20 - 56
    else { throw WeightProblem(.malformed("the zip64 directory does not fit the file")) }
    var fields = LittleEndianBytes(try ZipArchive.bytes(place..<(place + 56), of: file))
    guard try fields.number(UInt32.self) == 0x0606_4B50 else {
      throw WeightProblem(.malformed("the zip64 directory has no signature"))
    }
    try fields.skip(28)
    let count = try fields.number(UInt64.self)
    let size = try fields.number(UInt64.self)
    let offset = try fields.number(UInt64.self)
    return (count, size, offset, place)
  }
}
