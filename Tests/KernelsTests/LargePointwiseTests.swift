import Kernels
import Tensors
import Testing

/// Pointwise convolutions whose results are larger than the caches, with sums of several blocks.
///
/// The operands are products of a number for each channel and one for each cell, so that every result
/// follows from a single sum of small whole numbers, which is exact.
@Suite("Large pointwise convolutions")
struct LargePointwiseTests {
  private static let (inputs, outputs) = (150, 96)

  /// The planes of 112 × 100 cells begin at multiples of 64 bytes from each other, the others do not.
  @Test("follow from a single sum", arguments: InstructionSet.available, [112, 113])
  func results(instructions: InstructionSet, rows: Int) {
    InstructionSet.$current.withValue(instructions) {
      check(rows, rows - 12, Float.self)
      check(rows, rows - 12, Double.self)
    }
  }

  private func check<S: KernelScalar>(_ rows: Int, _ columns: Int, _: S.Type) {
    let geometry = ConvolutionGeometry(
      batch: 1, inputChannels: Self.inputs, outputChannels: Self.outputs,
      height: WindowAxis(extent: rows, kernel: 1), width: WindowAxis(extent: columns, kernel: 1))
    var samples = Samples(seed: 3)
    let (a, e): ([S], [S]) = (small(Self.outputs, &samples), small(Self.outputs, &samples))
    let (b, c): ([S], [S]) = (small(Self.inputs, &samples), small(Self.inputs, &samples))
    let d: [S] = small(rows * columns, &samples)
    let bias: [S] = small(Self.outputs, &samples)
    // w[o,i] = a[o]·b[i], x[i,p] = c[i]·d[p], g[o,p] = e[o]·d[p].
    let (w, x, g) = (product(a, b), product(c, d), product(e, d))

    // y[o,p] = bias[o] + a[o]·d[p]·Σ_i b[i]·c[i]
    let y = Convolution.forward(x, w, bias: bias, geometry)
    let sums = product(a.map { $0 * dot(b, c) }, d)
    let expected = sums.indices.map { sums[$0] + bias[$0 / d.count] }
    #expect(differences(y, expected) == 0, "forward")
    // dx[i,p] = b[i]·d[p]·Σ_o a[o]·e[o]
    let dx = Convolution.inputGradient(g, w, geometry)
    #expect(differences(dx, product(b.map { $0 * dot(a, e) }, d)) == 0, "input gradient")
    // dw[o,i] = e[o]·c[i]·Σ_p d[p]²
    let dw = Convolution.weightGradient(x, g, geometry)
    #expect(differences(dw, product(e.map { $0 * dot(d, d) }, c)) == 0, "weight gradient")
  }

  private func small<S: KernelScalar>(_ count: Int, _ samples: inout Samples) -> [S] {
    (0..<count).map { _ in S(Int.random(in: -2...2, using: &samples)) }
  }

  /// All products, the first factor's index slowest.
  private func product<S: KernelScalar>(_ first: [S], _ second: [S]) -> [S] {
    first.flatMap { factor in second.map { factor * $0 } }
  }

  /// How many elements differ; a million would be too many for `#expect` to tell apart.
  private func differences<S: KernelScalar>(_ found: [S], _ expected: [S]) -> Int {
    abs(found.count - expected.count) + zip(found, expected).count { $0 != $1 }
  }

  private func dot<S: KernelScalar>(_ first: [S], _ second: [S]) -> S {
    zip(first, second).reduce(0) { $0 + $1.0 * $1.1 }
  }
}
