import LayerKit
import Tensors

/// Bytes that are not the message that was expected.
struct MalformedMessage: Error {}

/// Reads a message, never beyond its end: a plug-in may have written into the memory of its process.
struct MessageReader {
  private let bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func number<Value: FixedWidthInteger>(
    _ type: Value.Type = Value.self
  ) throws(MalformedMessage) -> Value {
    let width = Value.bitWidth / 8
    guard bytes.count - position >= width else { throw MalformedMessage() }
    var value: Value = 0
    for place in 0..<width {
      value |= Value(truncatingIfNeeded: bytes[position + place]) << Value(8 * place)
    }
    position += width
    return value
  }

  mutating func flag() throws(MalformedMessage) -> Bool { try number(UInt8.self) != 0 }

  mutating func real() throws(MalformedMessage) -> Double {
    Double(bitPattern: try number(UInt64.self))
  }

  mutating func integer() throws(MalformedMessage) -> Int {
    Int(try number(Int64.self))
  }

  mutating func text() throws(MalformedMessage) -> [UInt8] {
    let count = Int(try number(UInt32.self))
    guard count <= bytes.count - position else { throw MalformedMessage() }
    defer { position += count }
    return Array(bytes[position..<position + count])
  }

  mutating func string() throws(MalformedMessage) -> String {
    guard let string = String(validating: try text(), as: UTF8.self) else {
      throw MalformedMessage()
    }
    return string
  }

  /// A list, every element of which takes at least a byte.
  mutating func list<Element>(
    _ element: (inout MessageReader) throws(MalformedMessage) -> Element
  ) throws(MalformedMessage) -> [Element] {
    let count = Int(try number(UInt32.self))
    guard count <= bytes.count - position else { throw MalformedMessage() }
    var found: [Element] = []
    for _ in 0..<count { found.append(try element(&self)) }
    return found
  }

  /// A shape of at most eight axes whose element count fits.
  mutating func shape() throws(MalformedMessage) -> Shape {
    let extents = try list { reader throws(MalformedMessage) in try reader.integer() }
    guard let shape = Shape(checking: extents) else { throw MalformedMessage() }
    return shape
  }

  mutating func value() throws(MalformedMessage) -> HyperparameterValue {
    switch try number(UInt8.self) {
    case 0: return .boolean(try flag())
    case 1: return .integer(try integer())
    case 2: return .real(try real())
    case 3: return .text(try string())
    case 4: return .list(try list { reader throws(MalformedMessage) in try reader.value() })
    default: throw MalformedMessage()
    }
  }

  func expectEnd() throws(MalformedMessage) {
    guard position == bytes.count else { throw MalformedMessage() }
  }
}

extension Shape {
  /// The most axes that a tensor of a plug-in may have.
  static let mostAxes = 8

  /// A shape of extents that nobody vouches for; nil where there is none.
  init?(checking extents: [Int]) {
    guard extents.count <= Self.mostAxes, extents.allSatisfy({ $0 >= 0 }) else { return nil }
    var count = 1
    for extent in extents {
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      guard !overflow else { return nil }
      count = product
    }
    self.init(extents)
  }
}
