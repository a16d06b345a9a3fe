import Synchronization
import Tensors
import Testing

/// Counts around the size of one block.
private let counts = [
  0, 1, Parallel.blockSize - 1, Parallel.blockSize, Parallel.blockSize + 1,
  3 * Parallel.blockSize + 17,
]

@Test(arguments: counts)
func `parallel map and zip do what the plain ones do`(_ count: Int) {
  let a = Tensor([count], Array(0..<count))
  let b = a.map { Double($0) / 3 }
  #expect(a.mapInParallel { $0 * 2 + 1 } == a.map { $0 * 2 + 1 })
  #expect(a.zipInParallel(b) { Double($0) - $1 } == a.zip(b) { Double($0) - $1 })
}

@Test(arguments: [(0, 3), (1, 3), (7, 3), (9, 3), (9, 100)])
func `blocks cover every index once`(_ count: Int, _ size: Int) {
  let seen = Mutex([Int](repeating: 0, count: count))
  Parallel.forEachBlock(count, of: size) { block in
    #expect(!block.isEmpty && block.count <= size && block.lowerBound % size == 0)
    seen.withLock { for index in block { $0[index] += 1 } }
  }
  #expect(seen.withLock { $0 } == [Int](repeating: 1, count: count))
}

@Test func `tasks may fill several elements each`() {
  // Task t fills a column of a 5×7 matrix.
  let filled = [Int](parallelCount: 35, tasks: 7, blockSize: 2) { columns, elements in
    for column in columns {
      for row in 0..<5 { elements[row * 7 + column] = row * 100 + column }
    }
  }
  #expect(filled == (0..<35).map { $0 / 7 * 100 + $0 % 7 })
}

@Test(arguments: [(0, 3), (1, 3), (7, 3), (9, 3), (9, 100)])
func `a grain's iterations stay on one thread, in order`(_ count: Int, _ grain: Int) {
  let seen = Mutex([[Int]](repeating: [], count: count / grain + 1))
  Parallel.forEach(count, grain: grain) { index in
    seen.withLock { $0[index / grain].append(index) }
  }
  #expect(seen.withLock { $0.flatMap { $0 } } == Array(0..<count))
}

@Test(arguments: [(0, 16_384), (1, 16_384), (100, 163), (16_384, 1), (1 << 40, 1)])
func `a grain is as large as a task must be`(_ elements: Int, _ iterations: Int) {
  #expect(Parallel.grain(touching: elements) == iterations)
}
