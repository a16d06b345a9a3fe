import Tensors
import Testing

@Test(
  arguments: [
    ([[2, 3], [2, 3]], [2, 3]), ([[2, 3], [3]], [2, 3]), ([[2, 1], [3]], [2, 3]),
    ([[], [4]], [4]), ([[1], []], [1]), ([[2, 1, 4], [3, 1], [1, 1, 1]], [2, 3, 4]),
    ([[0], [1]], [0]), ([[5]], [5]), ([], []),
  ] as [([Shape], Shape)])
func `shapes stretch to a common one`(_ shapes: [Shape], _ expected: Shape) {
  #expect(Shape.broadcast(shapes) == expected)
}

@Test(
  arguments: [
    [[2], [3]], [[2, 3], [2]], [[0], [2]], [[1, 2], [1, 1], [3]], [[2, 3, 4], [3, 3, 4]],
  ] as [[Shape]])
func `extents that differ do not fit`(_ shapes: [Shape]) {
  #expect(Shape.broadcast(shapes) == nil)
}

@Test func `a stretched axis has the stride 0`() {
  let target: Shape = [2, 3, 4]
  #expect(target.broadcastStrides(to: target) == [12, 4, 1])
  #expect(([3, 1] as Shape).broadcastStrides(to: target) == [0, 1, 0])
  #expect(([4] as Shape).broadcastStrides(to: target) == [0, 0, 1])
  #expect(Shape.scalar.broadcastStrides(to: target) == [0, 0, 0])
}

@Test func `a shape that does not stretch ends the program`() async {
  await #expect(processExitsWith: .failure) { _ = Shape([2]).broadcastStrides(to: [2, 3]) }
  await #expect(processExitsWith: .failure) { _ = Shape([1, 3]).broadcastStrides(to: [3]) }
}
