// FilterSteps.swift
// The three filters, undone by our own code: libhdf5's accept streams that are too short and leave
// the rest of the chunk as it finds the heap.

internal import CDeflate
internal import Glibc

/// Decompresses gzip streams into buffers of known size.
struct Inflater: ~Copyable {
  private let decompressor: OpaquePointer?

  init() {
    decompressor = libdeflate_alloc_decompressor()
  }

  deinit {
    libdeflate_free_decompressor(decompressor)
  }

  /// Fills `destination` exactly from a zlib stream (RFC 1950), or says why it cannot.
  func inflate(
    _ source: UnsafeRawBufferPointer, into destination: UnsafeMutableRawBufferPointer
  ) -> InflateFault? {
    guard let decompressor, let target = destination.baseAddress else { return .damaged }
    var consumed = 0
    var produced = 0
    let result = libdeflate_zlib_decompress_ex(
      decompressor, source.baseAddress, source.count, target, destination.count, &consumed,
      &produced)
    switch result {
    case LIBDEFLATE_SUCCESS where produced < destination.count:
      return .tooShort(actual: produced, expected: destination.count)
    case LIBDEFLATE_SUCCESS where consumed < source.count:
      return .trailingBytes(source.count - consumed)
    case LIBDEFLATE_SUCCESS: return nil
    case LIBDEFLATE_INSUFFICIENT_SPACE: return .tooLong(expected: destination.count)
    default: return .damaged
    }
  }
}

/// HDF5's byte shuffle.
enum Shuffle {
  /// Brings the bytes of each element together again.
  ///
  /// Byte b of element i stands at b·n + i of the shuffled bytes, n = ⌊count / size⌋; what is left
  /// over at the end was not moved (H5Zshuffle.c).
  static func undo(
    _ source: UnsafeRawBufferPointer, into destination: UnsafeMutableRawBufferPointer, size: Int
  ) {
    guard let from = source.baseAddress, let to = destination.baseAddress else { return }
    let n = source.count / size
    switch size {
    case 2: gather(from, to, n, UInt16.self)
    case 4: gather(from, to, n, UInt32.self)
    case 8: gather(from, to, n, UInt64.self)
    default:
      for b in 0..<size {
        for i in 0..<n {
          to.storeBytes(
            of: from.load(fromByteOffset: b * n + i, as: UInt8.self), toByteOffset: i * size + b,
            as: UInt8.self)
        }
      }
    }
    let moved = n * size
    if moved < source.count { memcpy(to + moved, from + moved, source.count - moved) }
  }

  @inline(__always)
  private static func gather<Word: FixedWidthInteger & BitwiseCopyable>(
    _ from: UnsafeRawPointer, _ to: UnsafeMutableRawPointer, _ n: Int, _ word: Word.Type
  ) {
    let width = MemoryLayout<Word>.size
    for i in 0..<n {
      var value: Word = 0
      for b in 0..<width {
        let byte = from.load(fromByteOffset: b &* n &+ i, as: UInt8.self)
        value |= Word(truncatingIfNeeded: byte) &<< Word(truncatingIfNeeded: 8 &* b)
      }
      to.storeBytes(of: value.littleEndian, toByteOffset: i &* width, as: Word.self)
    }
  }
}

/// HDF5's Fletcher checksum (H5checksum.c): big-endian 16-bit words, sums modulo 65535.
enum Fletcher32 {
  /// The checksum of some bytes.
  static func sum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    var sum1: UInt32 = 0
    var sum2: UInt32 = 0
    var position = 0
    var words = bytes.count / 2
    while words > 0 {
      let block = min(words, 360)  // the most words for which sum2 cannot overflow
      words -= block
      for _ in 0..<block {
        sum1 &+= UInt32(bytes[position]) << 8 | UInt32(bytes[position + 1])
        sum2 &+= sum1
        position += 2
      }
      sum1 = fold(sum1)
      sum2 = fold(sum2)
    }
    if bytes.count % 2 == 1 {
      sum1 &+= UInt32(bytes[position]) << 8
      sum2 &+= sum1
      sum1 = fold(sum1)
      sum2 = fold(sum2)
    }
    return fold(sum2) << 16 | fold(sum1)
  }

  /// Whether `stored`, the last four bytes of a chunk, is the checksum.
  ///
  /// HDF5 before 1.6.3 wrote the bytes of each half exchanged on little-endian machines; libhdf5
  /// still accepts both.
  static func matches(_ bytes: UnsafeRawBufferPointer, stored: UInt32) -> Bool {
    let sum = sum(bytes)
    let exchanged = (sum & 0x00FF_00FF) << 8 | (sum & 0xFF00_FF00) >> 8
    return stored == sum || stored == exchanged
  }

  private static func fold(_ sum: UInt32) -> UInt32 { (sum & 0xFFFF) &+ (sum >> 16) }
}
