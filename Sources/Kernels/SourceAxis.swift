/// How the taps of a kernel read one axis of their source.
///
/// Output position u reads, for a tap, the source index stride·(u + shift) + phase. A convolution
/// with stride S reads S interleaved phases; its input gradient is computed one phase of the
/// *result* at a time, and each of them reads the upstream gradient without a stride.
struct SourceAxis: Sendable {
  struct Tap: Sendable {
    /// The index in the kernel.
    let kernel: Int
    let phase: Int
    let shift: Int
    /// The residue of the outputs that read it, modulo the stride of the result.
    let residue: Int
  }

  let extent: Int
  let stride: Int
  /// K, the number of taps of the kernel.
  let kernel: Int
  /// Those of them that are read.
  let taps: [Tap]
  let firstShift: Int
  let lastShift: Int

  private init(extent: Int, stride: Int, kernel: Int, taps: [Tap]) {
    self.extent = extent
    self.stride = stride
    self.kernel = kernel
    self.taps = taps
    firstShift = taps.lazy.map(\.shift).min() ?? 0
    lastShift = taps.lazy.map(\.shift).max() ?? 0
  }

  /// How many source indices of one phase lie beside the output's.
  var span: Int { lastShift - firstShift }

  /// Whether there is one tap, which reads the cell of the output's own index.
  var isIdentity: Bool {
    taps.count == 1 && stride == 1 && taps[0].shift == 0 && taps[0].phase == 0
      && taps[0].residue == 0
  }

  /// The source index that a tap of the kernel reads for output position 0.
  func cell(kernel: Int) -> Int {
    taps.first { $0.kernel == kernel }.map { stride * $0.shift + $0.phase } ?? 0
  }

  /// How many elements of the phase lie in the source.
  func count(phase: Int) -> Int { max(0, (extent - phase + stride - 1) / stride) }

  /// The source index that a tap reads for output position u; nil outside of the source.
  func index(_ tap: Tap, output u: Int) -> Int? {
    let index = stride * (u + tap.shift) + tap.phase
    return index >= 0 && index < extent ? index : nil
  }

  /// The share of all taps of so many outputs that lie inside of the source.
  func shareInside(_ outputs: Int) -> Double {
    let inside = taps.reduce(0) { sum, tap in
      sum + (0..<outputs).count { index(tap, output: $0) != nil }
    }
    return Double(inside) / Double(max(1, taps.count * outputs))
  }

  /// The source indices from the first to the last that any tap reads for some outputs.
  func reach(_ outputs: Range<Int>) -> Range<Int> {
    let first = stride * (outputs.lowerBound + firstShift)
    let last = stride * (outputs.upperBound - 1 + lastShift) + stride
    return (first..<max(first, last)).clamped(to: 0..<extent)
  }

  /// Forward: the source index is uS + pD − P = S·(u + ⌊(pD − P)/S⌋) + (pD − P) mod S.
  init(forward axis: WindowAxis) {
    let taps = (0..<axis.kernel).map { p in
      let start = axis.cell(window: 0, tap: p)
      let phase = ((start % axis.stride) + axis.stride) % axis.stride
      return Tap(kernel: p, phase: phase, shift: (start - phase) / axis.stride, residue: 0)
    }
    self.init(extent: axis.extent, stride: axis.stride, kernel: axis.kernel, taps: taps)
  }

  /// Input gradient at the input indices Su + a: tap p sends g[u + (a + P − pD)/S] there, if S
  /// divides a + P − pD.
  init(gradient axis: WindowAxis, phase a: Int) {
    let taps = (0..<axis.kernel).compactMap { p -> Tap? in
      let distance = a - axis.cell(window: 0, tap: p)
      guard distance % axis.stride == 0 else { return nil }
      return Tap(kernel: p, phase: 0, shift: distance / axis.stride, residue: 0)
    }
    self.init(extent: axis.output, stride: 1, kernel: axis.kernel, taps: taps)
  }

  /// Input gradient at all input indices Su + a, a < S: tap p sends g[u + (a + P − pD)/S] to those
  /// with a = (pD − P) mod S.
  init(gradient axis: WindowAxis) {
    let taps = (0..<axis.kernel).compactMap { p -> Tap? in
      let start = axis.cell(window: 0, tap: p)
      let residue = ((start % axis.stride) + axis.stride) % axis.stride
      guard residue < axis.extent else { return nil }
      return Tap(kernel: p, phase: 0, shift: (residue - start) / axis.stride, residue: residue)
    }
    self.init(extent: axis.output, stride: 1, kernel: axis.kernel, taps: taps)
  }
}
