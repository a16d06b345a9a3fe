import Kernels
import Tensors
import Testing

/// Taps that fall on padding: multiplied with its zeros, or left out where that changes nothing.
@Suite("Padding")
struct PaddingTests {
  /// 7 × 7 pixels, windows that hang over unevenly, windows on padding alone, a stride.
  static let geometries: [ConvolutionGeometry] = [
    of(8, axis(7, 3, begin: 1, end: 1)), of(3, axis(6, 3, begin: 2, end: 0)),
    of(5, axis(4, 2, begin: 4, end: 3)), of(9, axis(9, 3, stride: 2, begin: 1, end: 1)),
    of(2, axis(5, 5, begin: 2, end: 2), groups: 2),
  ]

  private static func axis(
    _ extent: Int, _ kernel: Int, stride: Int = 1, begin: Int, end: Int
  ) -> WindowAxis {
    WindowAxis(
      extent: extent, kernel: kernel, stride: stride, paddingBegin: begin, paddingEnd: end)
  }

  private static func of(_ batch: Int, _ axis: WindowAxis, groups: Int = 1) -> ConvolutionGeometry {
    ConvolutionGeometry(
      batch: batch, inputChannels: 17 * groups, outputChannels: 18 * groups, groups: groups,
      height: axis, width: axis)
  }

  private func bits<S: KernelScalar>(_ values: [S]) -> [String] {
    values.map { $0.isNaN ? "NaN" : $0 == 0 && $0.sign == .minus ? "-0" : "\($0)" }
  }

  private func check<S: KernelScalar>(
    _ x: [S], _ w: [S], _ dy: [S], bias: [S]?, shift: [S]?, _ geometry: ConvolutionGeometry
  ) {
    func results() -> [[S]] {
      [
        Convolution.forward(x, w, bias: bias, geometry),
        Convolution.transposed(dy, w, bias: shift, geometry),
        Convolution.weightGradient(x, dy, geometry),
      ]
    }
    let expected = TapSkipping.$current.withValue(.never) { results() }
    for set in InstructionSet.available {
      let got = InstructionSet.$current.withValue(set) {
        TapSkipping.$current.withValue(.wherePossible) { results() }
      }
      for (name, (got, expected)) in zip(["Y", "dX", "dW"], zip(got, expected)) {
        #expect(bits(got) == bits(expected), "\(name), \(S.self), \(set), \(geometry)")
      }
    }
  }

  private func check<S: KernelScalar>(_ geometry: ConvolutionGeometry, _: S.Type) {
    var samples = Samples(seed: 11)
    let x: [S] = samples.fractions(geometry.inputCount)
    let w: [S] = samples.fractions(geometry.weightCount)
    let dy: [S] = samples.fractions(geometry.outputCount)
    check(x, w, dy, bias: nil, shift: nil, geometry)
    // 0 · ∞ is no number, wherever the zero comes from.
    for wrong in [S.infinity, .nan] {
      let special = w.indices.map { $0 == w.count / 2 ? wrong : w[$0] }
      check(x, special, dy, bias: nil, shift: nil, geometry)
      check(
        x.indices.map { $0 == 1 ? wrong : x[$0] }, w, dy.indices.map { $0 == 0 ? wrong : dy[$0] },
        bias: nil, shift: nil, geometry)
    }
    // Products below the smallest number leave zeros of either sign, which a bias of −0 shows.
    let tiny = S.leastNonzeroMagnitude.squareRoot() / 4
    let bias = [S](repeating: -0.0, count: geometry.outputChannels)
    let shift = [S](repeating: -0.0, count: geometry.inputChannels)
    check(
      x.map { $0 < 0 ? -tiny : tiny }, w.map { $0 < 0 ? -tiny : tiny },
      dy.map { $0 < 0 ? -tiny : tiny }, bias: bias, shift: shift, geometry)
  }

  @Test("leaving taps out changes no bit", arguments: geometries)
  func sameBits(geometry: ConvolutionGeometry) {
    check(geometry, Float.self)
    check(geometry, Double.self)
  }

  @Test("an infinite weight shows where its tap falls on padding")
  func infiniteWeight() {
    let geometry = Self.geometries[0]
    let ones = [Float](repeating: 1, count: geometry.inputCount)
    let w = (0..<geometry.weightCount).map { $0 % 9 == 0 ? Float.infinity : 1 }
    let y = TapSkipping.$current.withValue(.wherePossible) {
      Convolution.forward(ones, w, bias: nil, geometry)
    }
    for (index, value) in y.enumerated() {
      let (row, column) = (index / 7 % 7, index % 7)
      #expect(row == 0 || column == 0 ? value.isNaN : value == .infinity, "\(index)")
    }
  }
}
