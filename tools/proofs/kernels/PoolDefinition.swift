import Kernels
import Tensors

/// Pooling as the formulas say, window by window.
struct PoolDefinition {
  let planes: Int
  /// The cells of each window of a plane in row-major order, and their number in the padded input.
  let windows: [(cells: [Int], padded: Int)]
  /// The cells of all planes.
  let inputs: Int

  private var area: Int { inputs / planes }

  /// The windows of all planes in order, with the offsets of their cells in the input.
  private func forEachWindow(_ body: (_ output: Int, _ cells: [Int], _ padded: Int) -> Void) {
    for plane in 0..<planes {
      for (index, window) in windows.enumerated() {
        body(plane * windows.count + index, window.cells.map { plane * area + $0 }, window.padded)
      }
    }
  }

  /// The largest numbers and where they are: the last NaN, otherwise the first of equal ones.
  func largest<S: ProofScalar>(_ x: [S]) -> (values: [S], cells: [Int?]) {
    var (values, places) = ([S](), [Int?]())
    forEachWindow { _, cells, _ in
      let best =
        cells.last { x[$0].isNaN } ?? cells.first { cell in cells.allSatisfy { x[cell] >= x[$0] } }
      values.append(best.map { x[$0] } ?? -.infinity)
      places.append(best)
    }
    return (values, places)
  }

  /// Each window's gradient at one cell.
  func sent<S: ProofScalar>(_ dy: [S], to cells: [Int?]) -> [ExactSum<S>] {
    var sums = [ExactSum<S>](repeating: ExactSum(), count: inputs)
    for (gradient, cell) in zip(dy, cells) { if let cell { sums[cell].add(gradient) } }
    return sums
  }

  /// Σ of each window's cells.
  func sums<S: ProofScalar>(_ x: [S]) -> [ExactSum<S>] {
    var sums: [ExactSum<S>] = []
    forEachWindow { _, cells, _ in
      var sum = ExactSum<S>()
      for cell in cells { sum.add(x[cell]) }
      sums.append(sum)
    }
    return sums
  }

  /// Each window's gradient at all its cells.
  func spread<S: ProofScalar>(_ dy: [S]) -> [ExactSum<S>] {
    var sums = [ExactSum<S>](repeating: ExactSum(), count: inputs)
    forEachWindow { output, cells, _ in for cell in cells { sums[cell].add(dy[output]) } }
    return sums
  }

  private func divisors(_ divisor: PoolDivisor) -> [Int] {
    var divisors: [Int] = []
    forEachWindow { _, cells, padded in
      switch divisor {
      case .padded: divisors.append(padded)
      case .valid: divisors.append(cells.count)
      case .fixed(let number): divisors.append(number)
      }
    }
    return divisors
  }

  /// Σ of each window's cells over its divisor; NaN where that is 0/0.
  ///
  /// The quotient is one rounding more than the sum; here it is one of double precision, whose unit
  /// roundoff the bound for `Double` has once more.
  func averages<S: ProofScalar>(_ x: [S], _ divisor: PoolDivisor) -> Expected {
    let (sums, divisors) = (sums(x), divisors(divisor))
    let quotients = zip(sums, divisors).map { ($0.high + $0.low) / Double($1) }
    return Expected(
      high: quotients, low: quotients.map { _ in 0 },
      bound: zip(sums, divisors).map { $0.bound(roundings: $0.terms + 2) / Double($1) })
  }

  /// Σ of each window's gradient over its divisor at all its cells.
  func shares<S: ProofScalar>(_ dy: [S], _ divisor: PoolDivisor) -> Expected {
    let divisors = divisors(divisor)
    var (sums, sizes, terms) = (
      [Double](repeating: 0, count: inputs), [Double](repeating: 0, count: inputs),
      [Int](repeating: 0, count: inputs)
    )
    forEachWindow { output, cells, _ in
      let share = Double(dy[output]) / Double(divisors[output])
      for cell in cells {
        sums[cell] += share
        sizes[cell] += abs(share)
        terms[cell] += 1
      }
    }
    // The sum here is in double precision; for `Double` it takes its own share of the bound.
    let rounding = Rounding(S.format)
    let own = Rounding(.float64)
    return Expected(
      high: sums, low: sums.map { _ in 0 },
      bound: zip(sizes, terms).map {
        $0 * (rounding.gamma($1 + 1) + own.gamma($1 + 1)) * (1 + 0x1p-40)
      })
  }
}
