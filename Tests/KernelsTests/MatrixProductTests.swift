import Kernels
import Testing

@Suite("Matrix product")
struct MatrixProductTests {
  /// C[i,j] = Σ_p op(A)[i,p] · op(B)[p,j].
  private func definition<S: KernelScalar>(
    _ a: [S], _ aIsTransposed: Bool, _ b: [S], _ bIsTransposed: Bool, m: Int, n: Int, k: Int
  ) -> [S] {
    (0..<m * n).map { index in
      let (i, j) = index.quotientAndRemainder(dividingBy: n)
      return (0..<k).reduce(0) { sum, p in
        sum + (aIsTransposed ? a[p * m + i] : a[i * k + p])
          * (bIsTransposed ? b[j * k + p] : b[p * n + j])
      }
    }
  }

  private static let shapes = [
    (1, 1, 1), (1, 10, 84), (2, 1_000, 3), (5, 33, 300), (8, 70, 520), (9, 3, 17), (14, 129, 40),
    (15, 64, 257), (33, 40, 600), (40, 7, 8), (64, 100, 16), (100, 300, 9), (130, 20, 30),
    (3, 600, 2), (0, 4, 4), (4, 0, 4), (4, 4, 0), (7, 1_300, 20),
  ]

  private func check<S: KernelScalar>(_: S.Type) {
    for (m, n, k) in Self.shapes {
      var samples = Samples(seed: UInt64(m * 31 + n * 7 + k))
      let a: [S] = samples.whole(m * k)
      let b: [S] = samples.whole(k * n)
      for aIsTransposed in [false, true] {
        for bIsTransposed in [false, true] {
          let product = MatrixProduct.multiply(
            a, transposed: aIsTransposed, b, transposed: bIsTransposed, m: m, n: n, k: k)
          let expected = definition(a, aIsTransposed, b, bIsTransposed, m: m, n: n, k: k)
          #expect(product == expected, "\(S.self) \(m)×\(n)×\(k) \(aIsTransposed) \(bIsTransposed)")
        }
      }
    }
  }

  @Test("equals the definition on whole numbers", arguments: InstructionSet.available)
  func exact(instructions: InstructionSet) {
    InstructionSet.$current.withValue(instructions) {
      check(Float.self)
      check(Double.self)
    }
  }

  @Test(
    "has the same bits with every instruction set", arguments: InstructionSet.available.dropFirst())
  func sameBits(instructions: InstructionSet) {
    func all<S: KernelScalar>(_: S.Type) -> [[S]] {
      Self.shapes.flatMap { m, n, k in
        var samples = Samples(seed: 3)
        let a: [S] = samples.fractions(m * k)
        let b: [S] = samples.fractions(k * n)
        return [false, true].flatMap { first in
          [false, true].map { second in
            MatrixProduct.multiply(a, transposed: first, b, transposed: second, m: m, n: n, k: k)
          }
        }
      }
    }
    let narrow = InstructionSet.$current.withValue(.portable) { all(Float.self) }
    let wide = InstructionSet.$current.withValue(.portable) { all(Double.self) }
    InstructionSet.$current.withValue(instructions) {
      #expect(all(Float.self) == narrow)
      #expect(all(Double.self) == wide)
    }
  }
}
