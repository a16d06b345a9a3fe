import LayerKit
import Tensors

/// Builds the bytes of a message between the command and the process of a plug-in.
///
/// Numbers are little-endian, texts and lists come after their count.
struct MessageWriter {
  private(set) var bytes: [UInt8] = []

  mutating func put(_ value: some FixedWidthInteger) {
    withUnsafeBytes(of: value.littleEndian) { bytes += $0 }
  }

  mutating func put(_ value: Bool) { bytes.append(value ? 1 : 0) }

  mutating func put(_ value: Double) { put(value.bitPattern) }

  mutating func put(_ count: Int) { put(Int64(count)) }

  mutating func put(bytes text: some Collection<UInt8>) {
    put(UInt32(truncatingIfNeeded: text.count))
    bytes += text
  }

  mutating func put(_ text: String) { put(bytes: text.utf8) }

  mutating func put<Element>(
    list: some Collection<Element>, _ element: (inout MessageWriter, Element) -> Void
  ) {
    put(UInt32(truncatingIfNeeded: list.count))
    for item in list { element(&self, item) }
  }

  mutating func put(_ shape: Shape) { put(list: shape.extents) { $0.put($1) } }

  mutating func put(_ value: HyperparameterValue) {
    switch value {
    case .boolean(let value):
      put(UInt8(0))
      put(value)
    case .integer(let value):
      put(UInt8(1))
      put(value)
    case .real(let value):
      put(UInt8(2))
      put(value)
    case .text(let value):
      put(UInt8(3))
      put(value)
    case .list(let values):
      put(UInt8(4))
      put(list: values) { $0.put($1) }
    }
  }
}
