// What no kernel can exceed on this machine: the rate of fused multiply-adds, and that of memory.

import CKernels
import Glibc
import Kernels
import Stopwatch
import Tensors

/// A number type that the micro-kernel of products computes with.
protocol ProductScalar: KernelScalar {
  /// The micro-kernel: c = a · b, without a bias.
  static func product(
    _ set: Int32, _ rows: Int32, _ vectors: Int32, _ a: [Self], _ b: [Self], _ offsets: [Int],
    _ terms: [Int], _ c: inout [Self], columns: Int)
}

extension Float: ProductScalar {
  static func product(
    _ set: Int32, _ rows: Int32, _ vectors: Int32, _ a: [Float], _ b: [Float], _ offsets: [Int],
    _ terms: [Int], _ c: inout [Float], columns: Int
  ) {
    ck_product_f32(
      set, rows, vectors, a, b, offsets, terms, terms.count, &c, columns, Int32(columns), nil, 0, 0,
      nil)
  }
}

extension Double: ProductScalar {
  static func product(
    _ set: Int32, _ rows: Int32, _ vectors: Int32, _ a: [Double], _ b: [Double],
    _ offsets: [Int], _ terms: [Int], _ c: inout [Double], columns: Int
  ) {
    ck_product_f64(
      set, rows, vectors, a, b, offsets, terms, terms.count, &c, columns, Int32(columns), nil, 0, 0,
      nil)
  }
}

/// The machine's limits, on all threads that loops may use.
enum MachineLimits {
  private static let rounds = 7

  /// GFLOP/s of fused multiply-adds on numbers of a type.
  ///
  /// A tile of a product whose operands stay in the first-level cache: a loop of nothing but
  /// independent multiply-adds in registers is no faster. The best of several tiles and rounds.
  static func peak<S: ProductScalar>(_ set: InstructionSet, _: S.Type) -> Double {
    let rates = [Int32(1), 2].map { vectors in
      let rows = ck_tile_rows(set.rawValue, vectors)
      let columns = Int(vectors * ck_lanes(set.rawValue, MemoryLayout<S>.size))
      let count = 128
      let size = Int(rows) * columns
      let flops = 2.0 * Double(size * count)
      let calls = 1 + Int(wanted(set) / flops)
      let a = [S](repeating: 1, count: Int(rows) * count)
      let b = [S](repeating: 1, count: columns * count)
      let terms = Array(0..<count)
      let offsets = terms.map { $0 * columns }
      let time = fastest { _ in
        var c = [S](repeating: 0, count: size)
        for _ in 0..<calls {
          S.product(set.rawValue, rows, vectors, a, b, offsets, terms, &c, columns: columns)
        }
      }
      return flops * Double(calls * Parallel.threads) / time / 1e9
    }
    return rates.max() ?? 0
  }

  /// Operations enough for some ten milliseconds; without fused instructions they take far longer.
  private static func wanted(_ set: InstructionSet) -> Double { set == .portable ? 1e7 : 1e9 }

  /// GB/s of memory that is read: 256 MB for each thread, added up as whole numbers.
  static func reading() -> Double {
    let count = 32 << 20
    let shares = (0..<Parallel.threads).map { _ in [UInt64](repeating: 1, count: count) }
    let time = fastest { thread in
      precondition(shares[thread].reduce(0, &+) == count, "a sum of ones")
    }
    return Double(Parallel.threads * count * MemoryLayout<UInt64>.size) / time / 1e9
  }

  /// GB/s of memory that is copied, counted once as read and once as written.
  static func copying() -> Double {
    let bytes = 256 << 20
    let blocks = (0..<2 * Parallel.threads).map { _ in
      UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
    }
    defer { for block in blocks { block.deallocate() } }
    for block in blocks { memset(block, 1, bytes) }
    // Each thread has two blocks of its own.
    nonisolated(unsafe) let shared = blocks
    let time = fastest { thread in memcpy(shared[2 * thread], shared[2 * thread + 1], bytes) }
    return 2 * Double(Parallel.threads * bytes) / time / 1e9
  }

  /// The seconds of the fastest round, in each of which every thread does the work once.
  private static func fastest(_ work: @Sendable (_ thread: Int) -> Void) -> Double {
    (0..<rounds).map { _ in
      let start = stopwatch.now
      Parallel.forEach(Parallel.threads, work)
      return (stopwatch.now - start) / 1e3
    }.min() ?? .infinity
  }
}
