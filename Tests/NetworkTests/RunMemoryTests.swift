import Network
import Tensors
import Testing

@Suite struct RunMemoryTests {
  /// A layer at work takes 3/2 of its tensors; the largest of those between decides.
  @Test func whatIsKeptLeavesRoomForTheLayersAtWork() {
    let memory = RunMemory(total: 1000, layers: [400, 20, 200, 10])
    #expect(memory.limit(during: 0..<4) == 400)
    #expect(memory.limit(during: 1..<4) == 700)
    #expect(memory.limit(during: 3..<4) == 985)
    #expect(memory.limit(during: 4..<4) == 1000)
    #expect(RunMemory(total: 100, layers: [400]).limit(during: 0..<1) == 0)
    #expect(RunMemory().limit(during: 0..<9) == 128 << 20)
  }

  @Test func memoryIsFreeAgainOnceATensorIsForgotten() throws {
    var store = try TensorStore<Double>()
    let tensor = Tensor<Double>([2], [1, 2])
    func key(_ node: Int) -> TensorStore<Double>.Key { .init(node: node, index: 0) }
    try store.insert(tensor, for: key(0), limit: 20)
    #expect(store.bytesInMemory == 16)
    try store.insert(tensor, for: key(1), limit: 20)
    #expect(store.bytesInMemory == 16, "the second one is in the file")
    #expect(try store.remove(key(0)) == tensor && store.bytesInMemory == 0)
    #expect(try store.tensor(for: key(1)) == tensor)
    #expect(store.discard(key(1)) && !store.discard(key(1)) && store.bytesInMemory == 0)
    #expect(try store.tensor(for: key(1)) == nil)
  }
}
