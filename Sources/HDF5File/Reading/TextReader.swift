// TextReader.swift
// Strings of variable length stand in the file's global heap (HDF5 File Format Specification 3.0,
// section III.E). Nothing in it is believed: every length is held against the file's.

package import Text

/// Reads the strings of one dataset.
package struct TextReader {
  private let elements: StoredElements
  private let form: TextForm
  private let userBlockSize: Int
  private var heaps: [Int: [UInt32: Range<Int>]] = [:]

  /// A reader of a dataset of strings; nil for any other.
  package init?(_ elements: StoredElements, in file: HDF5File) {
    guard let form = elements.dataset.text else { return nil }
    self.elements = elements
    self.form = form
    userBlockSize = file.catalogue.userBlockSize
  }

  /// The strings in a window of row-major indices.
  package mutating func read(_ range: Range<Int>) throws(HDF5Error) -> [UntrustedText] {
    var bytes = [UInt8](repeating: 0, count: range.count * form.width)
    try Self.fill(&bytes) { target throws(HDF5Error) in try elements.read(range, into: target) }
    var texts: [UntrustedText] = []
    for start in stride(from: 0, to: bytes.count, by: form.width) {
      let element = bytes[start..<start + form.width]
      do throws(HDF5Problem) {
        texts.append(UntrustedText(bytes: try text(element)))
      } catch {
        throw elements.error(error)
      }
    }
    return texts
  }

  private mutating func text(_ element: ArraySlice<UInt8>) throws(HDF5Problem) -> [UInt8] {
    switch form.padding {
    case .nullTerminated: return Array(element.prefix { $0 != 0 })
    case .nulls: return Self.unpadded(element, 0)
    case .spaces: return Self.unpadded(element, UInt8(ascii: " "))
    case .variable: return try referred(element)
    }
  }

  private static func unpadded(_ bytes: ArraySlice<UInt8>, _ pad: UInt8) -> [UInt8] {
    let end = bytes.lastIndex { $0 != pad }.map { $0 + 1 } ?? bytes.startIndex
    return Array(bytes[..<end])
  }

  // MARK: Global heap

  /// The largest collection that is accepted.
  private static let largestCollection = 256 << 20
  /// The largest number of collections whose objects are remembered.
  private static let remembered = 1024

  /// A reference: u32 length, u64 address of a collection, u32 index of an object in it.
  private mutating func referred(_ element: ArraySlice<UInt8>) throws(HDF5Problem) -> [UInt8] {
    let length = Self.number(element.prefix(4))
    let address = Self.number(element.dropFirst(4).prefix(8))
    let index = UInt32(truncatingIfNeeded: Self.number(element.dropFirst(12).prefix(4)))
    // Nothing was written, or an empty string.
    guard length > 0, index > 0 else { return [] }
    guard let offset = Int(exactly: address), offset < elements.file.size,
      let place = try objects(at: offset + userBlockSize)[index], length <= place.count
    else {
      throw HDF5Problem(
        .outsideFile(offset: address, size: length, fileSize: elements.file.size))
    }
    // Writers in C count the null that ends the string.
    return Array(
      try elements.file.prefix(Int(length), at: place.lowerBound).prefix { $0 != 0 })
  }

  /// The objects of the collection at an offset of the file, by index.
  private mutating func objects(at offset: Int) throws(HDF5Problem) -> [UInt32: Range<Int>] {
    if let known = heaps[offset] { return known }
    let file = elements.file
    let header = try file.prefix(16, at: offset)
    let size = header.count == 16 ? Self.number(header[8...]) : 0
    guard header.starts(with: Array("GCOL".utf8) + [1]), size >= 16, size <= file.size - offset,
      size <= Self.largestCollection
    else {
      throw HDF5Problem(
        .outsideFile(offset: UInt64(offset), size: size, fileSize: file.size))
    }
    var objects: [UInt32: Range<Int>] = [:]
    var place = offset + 16
    let end = offset + Int(size)
    while place + 16 <= end {
      let object = try file.prefix(16, at: place)
      let index = UInt32(Self.number(object[..<2]))
      let length = Self.number(object[8...])
      // The last object, with index 0, is the free space.
      guard index > 0, length <= UInt64(end - place - 16) else { break }
      objects[index] = place + 16..<place + 16 + Int(length)
      place += 16 + (Int(length) + 7) / 8 * 8
    }
    if heaps.count >= Self.remembered { heaps.removeAll() }
    heaps[offset] = objects
    return objects
  }

  private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  private static func fill(
    _ bytes: inout [UInt8], _ body: (UnsafeMutableRawBufferPointer) throws(HDF5Error) -> Void
  ) throws(HDF5Error) {
    var problem: HDF5Error?
    bytes.withUnsafeMutableBytes { buffer in
      do throws(HDF5Error) {
        try body(buffer)
      } catch {
        problem = error
      }
    }
    if let problem { throw problem }
  }
}
