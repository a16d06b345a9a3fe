internal import Tensors

/// Products of row-major matrices.
public enum MatrixProduct {
  /// C[m,n] = op(A)·op(B), each op the identity or the transposition.
  ///
  /// The order of every sum depends on the shapes and the transpositions alone.
  ///
  /// - Parameters:
  ///   - a: m·k elements; stored k × m if transposed.
  ///   - aIsTransposed: Whether A is to be transposed.
  ///   - b: k·n elements; stored n × k if transposed.
  ///   - bIsTransposed: Whether B is to be transposed.
  ///   - m: Rows of the result.
  ///   - n: Columns of the result.
  ///   - k: Length of the sums; with 0 the result is 0.
  /// - Returns: m·n elements.
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public static func multiply<S: KernelScalar>(
    _ a: [S], transposed aIsTransposed: Bool = false, _ b: [S],
    transposed bIsTransposed: Bool = false, m: Int, n: Int, k: Int
  ) -> [S] {
    precondition(m >= 0 && n >= 0 && k >= 0)
    precondition(a.count == m * k && b.count == k * n)
    guard m > 0, n > 0, k > 0 else { return [S](repeating: 0, count: m * n) }
    return Array(uninitializedCount: m * n) { c in
      a.withUnsafeBufferPointer { a in
        b.withUnsafeBufferPointer { b in
          guard let a = a.baseAddress, let b = b.baseAddress, let c = c.baseAddress else { return }
          if bIsTransposed, !aIsTransposed, m <= RowProducts<S>.mostRows {
            RowProducts(m: m, n: n, k: k).run(a, b, c)
          } else {
            TiledProduct<S>(
              m: m, n: n, k: k, aIsTransposed: aIsTransposed, bIsTransposed: bIsTransposed
            ).run(a, b, c)
          }
        }
      }
    }
  }
}

/// C[i,j] = ⟨row i of A, row j of B⟩ for few rows of A: B is read once, as it is stored.
///
/// This is a linear layer at a small batch, where the time is that of reading the weights.
struct RowProducts<S: KernelScalar> {
  /// With more rows of A, turning B into panels pays.
  static var mostRows: Int { 32 }
  /// Multiplications below which a task is not worth handing out; most of their time is reading B.
  private static var smallestTask: Int { 1 << 17 }

  let m: Int
  let n: Int
  let k: Int

  func run(_ a: UnsafePointer<S>, _ b: UnsafePointer<S>, _ c: UnsafeMutablePointer<S>) {
    KernelPath.note(.productOfRows)
    let largest = DotTile<S>.largest
    let rowCut = Balanced(m, limit: largest.rows)
    let instructions = InstructionSet.current
    let fewest = Self.smallestTask / (m * k) / 2 * 2
    let columnsPerTask = max(largest.columns, fewest, min(64, (n + 7) / 8) / 2 * 2)
    nonisolated(unsafe) let (a, b, c) = (a, b, c)
    Parallel.forEach((n + columnsPerTask - 1) / columnsPerTask) { task in
      let end = min(n, (task + 1) * columnsPerTask)
      for j in stride(from: task * columnsPerTask, to: end, by: largest.columns) {
        for index in 0..<rowCut.count {
          let rows = rowCut[index]
          S.dotTile(
            DotTile(
              instructions: instructions, rows: rows.count,
              columns: min(largest.columns, end - j), a: a + rows.lowerBound * k, aPitch: k,
              b: b + j * k, bPitch: k, count: k, c: c + rows.lowerBound * n + j, pitch: n))
        }
      }
    }
  }
}
