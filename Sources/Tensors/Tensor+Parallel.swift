/// Work on the elements of whole tensors, side by side.
extension Parallel {
  /// The elements of one task: enough to outweigh its start, few enough to share out evenly.
  @inlinable public static var blockSize: Int { 1 << 16 }

  /// Calls `body` once for each block of `size` neighbouring indices in `0 ..< count`.
  ///
  /// The last block may be shorter. The blocks depend on `count` and `size` alone, so what each
  /// of them computes has the same bits on any number of threads.
  @inlinable
  public static func forEachBlock(
    _ count: Int, of size: Int = blockSize, _ body: @Sendable (Range<Int>) -> Void
  ) {
    precondition(size > 0, "a block holds at least one index")
    forEach(count / size + (count % size == 0 ? 0 : 1)) { block in
      let start = block * size
      body(start..<min(count, start + size))
    }
  }
}

extension Parallel {
  /// The iterations of one task, if each of them touches so many elements once or twice.
  ///
  /// A quarter of a block, some ten microseconds: what takes less is not worth handing out.
  @inlinable
  public static func grain(touching elements: Int) -> Int {
    max(1, blockSize / 4 / max(1, elements))
  }

  /// Calls `body` once for each index in `0 ..< count`, `grain` neighbours one after the other.
  ///
  /// This is for short iterations. With no more than `grain` of them all stay on this thread.
  @inlinable
  public static func forEach(_ count: Int, grain: Int, _ body: @Sendable (Int) -> Void) {
    forEachBlock(count, of: grain) { for index in $0 { body(index) } }
  }
}

extension Array where Element: Sendable {
  /// Makes an array that is filled by tasks side by side, `blockSize` tasks by each call of `fill`.
  ///
  /// `fill` gets the tasks of its block and the whole, still uninitialised array. Together the
  /// tasks must initialise every element once; for numbers assignment does so. By default there
  /// is one task for each element.
  @inlinable
  public init(
    parallelCount count: Int, tasks: Int? = nil, blockSize: Int = Parallel.blockSize,
    _ fill: @Sendable (Range<Int>, UnsafeMutableBufferPointer<Element>) -> Void
  ) {
    self.init(uninitializedCount: count) { buffer in
      // Each element is written by one task and read by none before all have ended.
      nonisolated(unsafe) let buffer = buffer
      Parallel.forEachBlock(tasks ?? count, of: blockSize) { fill($0, buffer) }
    }
  }
}

extension Tensor {
  /// The tensor of the transformed elements, in parallel.
  ///
  /// `transform` is called for each element; `mapBlocks` is for what must be fast.
  @inlinable
  public func mapInParallel<Other>(
    _ transform: @Sendable (Element) -> Other
  ) -> Tensor<Other> {
    mapBlocks { x, y, count in
      for i in 0..<count { (y + i).initialize(to: transform(x[i])) }
    }
  }

  /// The tensor of pairwise combined elements, in parallel; the shapes must be equal.
  ///
  /// `combine` is called for each element; `zipBlocks` is for what must be fast.
  @inlinable
  public func zipInParallel<Second, Other>(
    _ second: Tensor<Second>, _ combine: @Sendable (Element, Second) -> Other
  ) -> Tensor<Other> {
    zipBlocks(second) { a, b, y, count in
      for i in 0..<count { (y + i).initialize(to: combine(a[i], b[i])) }
    }
  }

  /// The tensor that `fill` computes block by block, in parallel.
  ///
  /// `fill` gets the first of some elements, the place of the first of as many results, which it
  /// must initialise, and their number. Its own loop is compiled with what it computes, in vectors
  /// where that is possible.
  @inlinable
  public func mapBlocks<Other>(
    _ fill: @Sendable (UnsafePointer<Element>, UnsafeMutablePointer<Other>, _ count: Int) -> Void
  ) -> Tensor<Other> {
    storage.withUnsafeBufferPointer { x in
      nonisolated(unsafe) let x = x
      return Tensor<Other>(
        shape,
        Array(parallelCount: count) { block, y in
          guard let x = x.baseAddress, let y = y.baseAddress else { return }
          fill(x + block.lowerBound, y + block.lowerBound, block.count)
        })
    }
  }

  /// The tensor that `fill` computes from two of one shape, block by block, in parallel.
  @inlinable
  public func zipBlocks<Second, Other>(
    _ second: Tensor<Second>,
    _ fill:
      @Sendable (
        UnsafePointer<Element>, UnsafePointer<Second>, UnsafeMutablePointer<Other>, _ count: Int
      ) -> Void
  ) -> Tensor<Other> {
    precondition(shape == second.shape, "shapes \(shape) and \(second.shape) differ")
    return storage.withUnsafeBufferPointer { a in
      second.storage.withUnsafeBufferPointer { b in
        nonisolated(unsafe) let (a, b) = (a, b)
        return Tensor<Other>(
          shape,
          Array(parallelCount: count) { block, y in
            guard let a = a.baseAddress, let b = b.baseAddress, let y = y.baseAddress
            else { return }
            let first = block.lowerBound
            fill(a + first, b + first, y + first, block.count)
          })
      }
    }
  }
}

extension Tensor where Element == Double {
  /// The tensor of the absolute values.
  public var magnitudes: Tensor<Double> {
    mapBlocks { x, y, count in
      for i in 0..<count { y[i] = x[i].magnitude }
    }
  }
}
