// NpyHeader.swift
// Source: numpy.lib.format: the magic, two bytes of version, the length of the header (two bytes,
// from version 2 on four), and the text of a Python dictionary, of which only literals are read.

import HDF5File

/// The header of a `.npy` file.
struct NpyHeader {
  let type: ElementType
  let order: ByteOrder
  /// Whether the first axis is the fastest.
  let isColumnMajor: Bool
  let shape: [Int]
  /// Bytes before the elements.
  let size: Int

  /// The bytes in which a header must fit.
  static let longest = 1 << 16

  /// Reads the beginning of a file; `source` is its name for messages.
  init(_ bytes: [UInt8], source: String) throws(WeightProblem) {
    func malformed(_ what: String) -> WeightProblem {
      WeightProblem(source: source, .malformed(what))
    }
    guard bytes.starts(with: [0x93] + "NUMPY".utf8), bytes.count >= 12 else {
      throw malformed("it does not begin as an array of NumPy")
    }
    let wide = bytes[6] > 1
    guard (1...3).contains(bytes[6]) else {
      throw malformed("its version \(bytes[6]) is not known")
    }
    let lengthBytes = bytes[8..<(wide ? 12 : 10)]
    let length = lengthBytes.reversed().reduce(0) { $0 << 8 | Int($1) }
    let start = 8 + lengthBytes.count
    guard length <= Self.longest - start else { throw malformed("its header is too long") }
    guard bytes.count >= start + length else {
      throw WeightProblem(source: source, .cutShort("its header ends early"))
    }
    var reader = PythonLiteral(Array(bytes[start..<(start + length)]))
    guard let entries = reader.dictionary(), Set(entries.map(\.key)).count == entries.count else {
      throw malformed("its header is no dictionary of literals")
    }
    var values: [String: PythonLiteral.Value] = [:]
    for (key, value) in entries { values[key] = value }
    guard values.count == 3, case .tuple(let shape)? = values["shape"],
      case .truth(let isColumnMajor)? = values["fortran_order"], let descr = values["descr"]
    else { throw malformed("its header has other keys than descr, fortran_order and shape") }
    guard shape.count <= StoredWeight.mostAxes else { throw malformed("it has too many axes") }
    (type, order) = try Self.type(descr, source)
    self.isColumnMajor = isColumnMajor
    self.shape = shape
    size = start + length
  }

  private static func type(
    _ descr: PythonLiteral.Value, _ source: String
  ) throws(WeightProblem) -> (ElementType, ByteOrder) {
    guard case .string(let descr) = descr else {
      throw WeightProblem(source: source, .unsupportedType("a structure of fields"))
    }
    let order: ByteOrder = descr.hasPrefix(">") ? .bigEndian : .littleEndian
    let type: ElementType? =
      switch descr.drop(while: { "<>|=".contains($0) }) {
      case "f2": .float16
      case "f4": .float32
      case "f8": .float64
      case "i1": .int8
      case "i2": .int16
      case "i4": .int32
      case "i8": .int64
      case "u1": .uint8
      case "u2": .uint16
      case "u4": .uint32
      case "u8": .uint64
      case "b1": .boolean
      default: nil
      }
    guard let type else {
      let words = descr.contains("O") ? "Python object (\(descr)), which needs pickle" : descr
      throw WeightProblem(source: source, .unsupportedType(words))
    }
    return (type, order)
  }
}

/// Reads the few Python literals that stand in such a header.
struct PythonLiteral {
  /// A literal.
  enum Value: Hashable {
    case string(String)
    case truth(Bool)
    /// Whole numbers, none negative.
    case tuple([Int])
    /// A list of anything: the fields of a structure.
    case list
  }

  private let bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// `{'key': value, …}` and nothing but space after it; nil where that is not what stands here.
  mutating func dictionary() -> [(key: String, value: Value)]? {
    var entries: [(key: String, value: Value)] = []
    guard take("{") else { return nil }
    while !take("}") {
      guard let key = string(), take(":"), let value = value() else { return nil }
      entries.append((key, value))
      if take(",") { continue }
      guard take("}") else { return nil }
      break
    }
    skipSpace()
    return position == bytes.count ? entries : nil
  }

  private mutating func skipSpace() {
    while position < bytes.count, [0x20, 0x0A, 0x0D, 0x09].contains(bytes[position]) {
      position += 1
    }
  }

  private mutating func take(_ text: String) -> Bool {
    skipSpace()
    guard bytes[position...].starts(with: text.utf8) else { return false }
    position += text.utf8.count
    return true
  }

  private mutating func string() -> String? {
    skipSpace()
    guard position < bytes.count, [UInt8(ascii: "'"), UInt8(ascii: "\"")].contains(bytes[position])
    else { return nil }
    let quote = bytes[position]
    let start = position + 1
    guard let end = bytes[start...].firstIndex(of: quote) else { return nil }
    let content = bytes[start..<end]
    guard !content.contains(UInt8(ascii: "\\")) else { return nil }
    position = end + 1
    return String(validating: content, as: UTF8.self)
  }

  private mutating func value() -> Value? {
    if take("True") { return .truth(true) }
    if take("False") { return .truth(false) }
    if take("(") { return tuple() }
    if take("[") { return list() }
    return string().map { .string($0) }
  }

  private mutating func tuple() -> Value? {
    var numbers: [Int] = []
    while !take(")") {
      guard let number = number() else { return nil }
      numbers.append(number)
      if take(",") { continue }
      guard take(")") else { return nil }
      break
    }
    return .tuple(numbers)
  }

  /// Fields are not read: it is enough to know that they end.
  private mutating func list() -> Value? {
    guard let end = bytes.lastIndex(of: UInt8(ascii: "]")), end >= position else { return nil }
    position = end + 1
    return .list
  }

  /// Python 2 put an `L` behind long numbers.
  private mutating func number() -> Int? {
    skipSpace()
    let digits = bytes[position...].prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    position += digits.count
    _ = take("L")
    return Int(String(decoding: digits, as: UTF8.self))
  }
}
