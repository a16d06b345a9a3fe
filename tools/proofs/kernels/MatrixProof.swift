import Kernels
import Tensors

/// The shape of a random product of matrices, C[m,n] = op(A)·op(B).
struct MatrixShape: ProvenShape, Hashable, Sendable {
  var m: Int
  var n: Int
  var k: Int
  var firstIsTransposed = false
  var secondIsTransposed = false

  /// Sizes around those of tiles, vectors and blocks.
  private static let sizes = [
    1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 14, 15, 16, 17, 28, 29, 31, 32, 33, 47, 63, 64, 65, 66, 127, 128,
    129, 200, 255, 256, 257, 300,
  ]

  static func random(_ samples: inout Samples, most: Int) -> MatrixShape {
    while true {
      let shape = MatrixShape(
        m: samples.pick(sizes), n: samples.pick(sizes), k: samples.pick(sizes),
        firstIsTransposed: Bool.random(using: &samples),
        secondIsTransposed: Bool.random(using: &samples))
      if shape.m * shape.n * shape.k <= most { return shape }
    }
  }

  /// Shapes for every transposition, with few and with many rows, columns and terms.
  static let chosen: [MatrixShape] = [
    (1, 1, 1), (5, 33, 300), (33, 40, 600), (100, 300, 9), (3, 600, 2), (130, 20, 30), (0, 4, 4),
    (4, 0, 4), (4, 4, 0), (7, 1_300, 20), (2, 9_000, 3), (40, 9_000, 17),
  ].flatMap { m, n, k in
    [(false, false), (false, true), (true, false), (true, true)].map {
      MatrixShape(m: m, n: n, k: k, firstIsTransposed: $0.0, secondIsTransposed: $0.1)
    }
  }

  var description: String {
    "product \(m) × \(k)\(firstIsTransposed ? " (transposed)" : "") by "
      + "\(k) × \(n)\(secondIsTransposed ? " (transposed)" : "")"
  }

  var simpler: [MatrixShape] {
    func with(_ m: Int, _ n: Int, _ k: Int) -> MatrixShape {
      MatrixShape(
        m: m, n: n, k: k, firstIsTransposed: firstIsTransposed,
        secondIsTransposed: secondIsTransposed)
    }
    return [
      with((m + 1) / 2, n, k), with(m, (n + 1) / 2, k), with(m, n, (k + 1) / 2), with(m - 1, n, k),
      with(m, n - 1, k), with(m, n, k - 1),
    ].filter { $0 != self && $0.m >= 0 && $0.n >= 0 && $0.k >= 0 }
  }

  func problem(seed: UInt64, _ run: inout Run) -> Problem? {
    var samples = Samples(seed: seed)
    for style in [.whole, samples.pick([Style.fractions, .positive, .spread])] {
      if let problem = problem(style, seed, &run, Float.self) { return problem }
      if let problem = problem(style, seed, &run, Double.self) { return problem }
    }
    return nil
  }

  private func problem<S: ProofScalar>(
    _ style: Style, _ seed: UInt64, _ run: inout Run, _: S.Type
  ) -> Problem? {
    var samples = Samples(seed: seed)
    let a: GuardedArray<S> = samples.numbers(m * k, style)
    let b: GuardedArray<S> = samples.numbers(k * n, style)
    // C[i,j] = Σ_p op(A)[i,p] · op(B)[p,j].
    let sums = Parallel.map(m) { i in
      (0..<n).map { j in
        var sum = ExactSum<S>()
        for p in 0..<k {
          sum.add(
            a.elements[firstIsTransposed ? p * m + i : i * k + p],
            times: b.elements[secondIsTransposed ? j * k + p : p * n + j])
        }
        return sum
      }
    }.flatMap { $0 }
    return run.check(
      "product", in: "seed \(seed), \(style), \(self)", Expected(sums, exact: style == .whole),
      threads: style != .whole, [a, b]
    ) {
      MatrixProduct.multiply(
        a.elements, transposed: firstIsTransposed, b.elements, transposed: secondIsTransposed,
        m: m, n: n, k: k)
    }?.at("\(style)")
  }
}
