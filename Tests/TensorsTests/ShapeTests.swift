import Tensors
import Testing

@Test func `a shape counts its elements`() {
  #expect(Shape.scalar.count == 1)
  #expect(Shape.scalar.rank == 0)
  #expect(([2, 3, 4] as Shape).count == 24)
  #expect(([2, 0, 4] as Shape).count == 0)
  #expect(([2, 3, 4] as Shape)[1] == 3)
  #expect(Shape([5, 1]).description == "[5, 1]")
}

@Test func `strides are row-major`() {
  #expect(([2, 3, 4] as Shape).strides == [12, 4, 1])
  #expect(([7] as Shape).strides == [1])
  #expect(Shape.scalar.strides == [])
}

@Test func `index and offset are inverse`() {
  let shape: Shape = [2, 1, 3, 4]
  for offset in 0..<shape.count {
    let index = shape.index(at: offset)
    #expect(zip(index, shape.strides).reduce(0) { $0 + $1.0 * $1.1 } == offset)
    #expect(zip(index, shape.extents).allSatisfy { $0 >= 0 && $0 < $1 })
  }
  #expect(shape.index(at: 23) == [1, 0, 2, 3])
  #expect(Shape.scalar.index(at: 0) == [])
}

@Test(arguments: [(0, 1, 2, 12), (1, 2, 3, 4), (2, 6, 4, 1)])
func `a split multiplies out to the count`(_ axis: Int, _ outer: Int, _ extent: Int, _ inner: Int) {
  let split = ([2, 3, 4] as Shape).split(at: axis)
  #expect(split == (outer, extent, inner))
}

@Test func `negative axes count from the end`() {
  let shape: Shape = [2, 3, 4]
  #expect((-4...3).map { shape.axis($0) } == [nil, 0, 1, 2, 0, 1, 2, nil])
  #expect(Shape.scalar.axis(0) == nil)
  #expect(shape.axis(.min) == nil)
  #expect(shape.axis(.max) == nil)
}

@Test func `a count beyond all integers ends the program`() async {
  await #expect(processExitsWith: .failure) { _ = Shape([1 << 32, 1 << 32]) }
  // Just below: 2^62 elements.
  #expect(Shape([1 << 31, 1 << 31]).count == 1 << 62)
}

@Test func `a negative extent ends the program`() async {
  await #expect(processExitsWith: .failure) { _ = Shape([2, -1]) }
}

@Test func `an offset or an axis outside ends the program`() async {
  await #expect(processExitsWith: .failure) { _ = Shape([2, 3]).index(at: 6) }
  await #expect(processExitsWith: .failure) { _ = Shape([2, 3]).split(at: 2) }
}
