internal import Tensors

/// Sums whose order of additions depends on the lengths alone.
///
/// A row is cut into blocks of 256; a block is summed in 16 interleaved lanes, which are added as
/// a binary tree; the blocks' sums are added as a binary tree. The rounding error grows with the
/// logarithm of the length, and the bits are the same on any number of threads.
public enum Reduction {
  /// Σ x.
  ///
  /// - Parameter x: Any number of elements; the sum of none is 0.
  /// - Returns: The sum.
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public static func sum<S: KernelScalar>(_ x: [S]) -> S {
    x.withUnsafeBufferPointer { tree(Row(first: $0, second: nil)) }
  }

  /// Σ x·y.
  ///
  /// - Parameters:
  ///   - x: Any number of elements.
  ///   - y: As many elements.
  /// - Returns: The sum of the products.
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public static func sum<S: KernelScalar>(_ x: [S], times y: [S]) -> S {
    precondition(x.count == y.count)
    return x.withUnsafeBufferPointer { x in
      y.withUnsafeBufferPointer { tree(Row(first: x, second: $0)) }
    }
  }

  /// The sum of each row of a matrix: result[r] = Σ_c x[r·columns + c] (· y[r·columns + c]).
  ///
  /// - Parameters:
  ///   - x: rows·columns elements.
  ///   - y: A second factor of the same size, or none.
  ///   - rows: The number of rows.
  ///   - columns: The length of a row.
  /// - Returns: One sum for each row.
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public static func rowSums<S: KernelScalar>(
    _ x: [S], times y: [S]? = nil, rows: Int, columns: Int
  ) -> [S] {
    channelSums(x, times: y, batch: 1, channels: rows, area: columns)
  }

  /// The sum of each channel over samples and space: result[c] = Σ_{n,a} x[n,c,a] (· y[n,c,a]).
  ///
  /// The planes' sums are added as a binary tree over the samples.
  ///
  /// - Parameters:
  ///   - x: batch·channels·area elements.
  ///   - y: A second factor of the same size, or none.
  ///   - batch: The number of samples.
  ///   - channels: The number of channels.
  ///   - area: The number of elements of a plane.
  /// - Returns: One sum for each channel.
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public static func channelSums<S: KernelScalar>(
    _ x: [S], times y: [S]? = nil, batch: Int, channels: Int, area: Int
  ) -> [S] {
    precondition(x.count == batch * channels * area)
    precondition(y.map { $0.count == x.count } ?? true)
    return Array(uninitializedCount: channels) { result in
      x.withUnsafeBufferPointer { x in
        (y ?? []).withUnsafeBufferPointer { second in
          nonisolated(unsafe) let (x, y, result) = (x, y == nil ? nil : second, result)
          let perTask = max(1, 65_536 / max(1, batch * area))
          let tasks = (channels + perTask - 1) / perTask
          Parallel.forEach(tasks) { task in
            for channel in task * perTask..<min(channels, (task + 1) * perTask) {
              let total = pairwise(0..<batch) { n in
                tree(Row(x, y, (n * channels + channel) * area, count: area))
              }
              (result.baseAddress.map { $0 + channel })?.initialize(to: total)
            }
          }
        }
      }
    }
  }

  /// One or two rows of equal length.
  struct Row<S> {
    let first: UnsafeBufferPointer<S>
    let second: UnsafeBufferPointer<S>?

    init(first: UnsafeBufferPointer<S>, second: UnsafeBufferPointer<S>?) {
      self.first = first
      self.second = second
    }

    init(
      _ x: UnsafeBufferPointer<S>, _ y: UnsafeBufferPointer<S>?, _ start: Int, count: Int
    ) {
      first = UnsafeBufferPointer(rebasing: x[start..<start + count])
      second = y.map { UnsafeBufferPointer(rebasing: $0[start..<start + count]) }
    }
  }

  private static let block = 256

  /// The sum of a row, as a tree of blocks.
  @inline(__always)
  static func tree<S: KernelScalar>(_ row: Row<S>) -> S {
    let count = row.first.count
    return pairwise(0..<(count + block - 1) / block) { index in
      blockSum(row, index * block..<min(count, (index + 1) * block))
    }
  }

  /// Adds the values of a range of indices as a binary tree.
  static func pairwise<S: KernelScalar>(_ range: Range<Int>, _ value: (Int) -> S) -> S {
    switch range.count {
    case 0: return 0
    case 1: return value(range.lowerBound)
    default:
      let middle = range.lowerBound + range.count / 2
      return pairwise(range.lowerBound..<middle, value) + pairwise(middle..<range.upperBound, value)
    }
  }

  @inline(__always)
  private static func blockSum<S: KernelScalar>(_ row: Row<S>, _ range: Range<Int>) -> S {
    var lanes = SIMD16<S>()
    var index = range.lowerBound
    guard let x = row.first.baseAddress else { return 0 }
    let y = row.second?.baseAddress
    while index + 16 <= range.upperBound {
      var values = UnsafeRawPointer(x + index).loadUnaligned(as: SIMD16<S>.self)
      if let y { values *= UnsafeRawPointer(y + index).loadUnaligned(as: SIMD16<S>.self) }
      lanes += values
      index += 16
    }
    for rest in index..<range.upperBound {
      lanes[rest - index] += y.map { x[rest] * $0[rest] } ?? x[rest]
    }
    let eight = lanes.lowHalf + lanes.highHalf
    let four = eight.lowHalf + eight.highHalf
    let two = four.lowHalf + four.highHalf
    return two.x + two.y
  }
}
