import Tensors
import Testing

/// Below and above the size from which huge pages are asked for.
@Test(arguments: [0, 1, 1_000, (4 << 20) / 8 - 1, (4 << 20) / 8, 1_500_001])
func `an array holds what was put into it`(_ count: Int) {
  let filled = [Int](uninitializedCount: count) { buffer in
    #expect(buffer.count == count)
    for i in buffer.indices { buffer[i] = i * 3 }
  }
  let computed = [Int](count: count) { $0 * 3 }
  #expect(filled.count == count)
  #expect(filled == computed)
  #expect(filled.last == (count == 0 ? nil : (count - 1) * 3))
}

@Test func `what the initialiser throws arrives`() {
  struct Refusal: Error {}
  #expect(throws: Refusal.self) {
    try [Int](uninitializedCount: 3) { _ in throw Refusal() }
  }
  #expect(throws: Refusal.self) {
    try [String](count: 3) { offset in
      guard offset < 2 else { throw Refusal() }
      return "a long string that needs memory of its own, number \(offset)"
    }
  }
}
