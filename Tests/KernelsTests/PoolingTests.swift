import Kernels
import Testing

/// Windows at random, and what each of them holds by the definition.
private struct DefinedPooling {
  let planes: Int
  /// One to three axes.
  let axes: [PoolAxis]

  var geometry: PoolGeometry { PoolGeometry(planes: planes, axes: axes) }

  /// Up to three planes with sliding windows.
  static func sliding(_ samples: inout Samples, dilation: Bool) -> DefinedPooling {
    drawn(&samples, longest: [40, 9, 6]) { samples, longest in
      let kernel = Int.random(in: 1...4, using: &samples)
      let step = dilation ? Int.random(in: 1...2, using: &samples) : 1
      let padding = (0..<2).map { _ in Int.random(in: 0...kernel / 2, using: &samples) }
      let least = max(1, step * (kernel - 1) + 1 - padding[0] - padding[1])
      return .sliding(
        WindowAxis(
          extent: Int.random(in: least...max(least, longest), using: &samples), kernel: kernel,
          stride: Int.random(in: 1...4, using: &samples), paddingBegin: padding[0],
          paddingEnd: padding[1], dilation: step, ceilMode: Bool.random(using: &samples)))
    }
  }

  /// Up to three planes with windows that cover them.
  static func adaptive(_ samples: inout Samples) -> DefinedPooling {
    drawn(&samples, longest: [30, 9, 5]) { samples, longest in
      .adaptive(
        AdaptiveAxis(
          extent: Int.random(in: 1...longest, using: &samples),
          output: Int.random(in: 1...longest, using: &samples)))
    }
  }

  private static func drawn(
    _ samples: inout Samples, longest: [Int], axis: (inout Samples, Int) -> PoolAxis
  ) -> DefinedPooling {
    let count = Int.random(in: 1...3, using: &samples)
    return DefinedPooling(
      planes: Int.random(in: 1...3, using: &samples),
      axes: (0..<count).map { _ in axis(&samples, longest[count - 1]) })
  }

  /// The cells of one window on one axis, padding included: outside of the extent.
  private func reach(_ axis: PoolAxis, _ window: Int) -> [Int] {
    switch axis {
    case .sliding(let axis):
      (0..<axis.kernel).map { window * axis.stride + $0 * axis.dilation - axis.paddingBegin }
    case .adaptive(let axis):
      (0..<axis.extent).filter {
        ($0 + 1) * axis.output > window * axis.extent
          && $0 * axis.output < (window + 1) * axis.extent
      }
    }
  }

  /// Calls `body` with the input offsets of each window in row-major order, and the number of its
  /// cells inside the padded input.
  func forEachWindow(_ body: (_ cells: [Int], _ padded: Int, _ output: Int) -> Void) {
    var output = 0
    func visit(_ axis: Int, _ cells: [Int], _ padded: Int) {
      guard axis < axes.count else {
        body(cells, padded, output)
        output += 1
        return
      }
      let extent = axes[axis].extent
      for window in 0..<axes[axis].output {
        let reach = reach(axes[axis], window)
        var end = extent
        if case .sliding(let sliding) = axes[axis] { end += sliding.paddingEnd }
        let inside = reach.filter { 0 <= $0 && $0 < extent }
        visit(
          axis + 1, cells.flatMap { cell in inside.map { cell * extent + $0 } },
          padded * reach.count { $0 < end })
      }
    }
    for plane in 0..<planes { visit(0, [plane], 1) }
  }
}

@Suite("Pooling")
struct PoolingTests {
  /// The first largest cell; the last NaN before all.
  private func largest(_ cells: [Int], of x: [Double]) -> Int? {
    cells.last { x[$0].isNaN } ?? cells.first { cell in cells.allSatisfy { x[cell] >= x[$0] } }
  }

  @Test("max: ties to the first, NaN wins, padding never", arguments: 1...300)
  func maximum(seed: Int) {
    var samples = Samples(seed: UInt64(seed))
    let pooling =
      seed % 3 == 0
      ? DefinedPooling.adaptive(&samples) : .sliding(&samples, dilation: true)
    let geometry = pooling.geometry
    // Few different values: many ties.
    let x: [Double] = (0..<geometry.inputCount).map { _ in
      Int.random(in: 0..<40, using: &samples) == 0
        ? .nan : Double(Int.random(in: -3 ... -1, using: &samples))
    }
    let dy: [Double] = samples.whole(geometry.outputCount)
    var (y, dx) = ([Double](repeating: -.infinity, count: dy.count), x.map { _ in 0.0 })
    pooling.forEachWindow { cells, _, output in
      guard let cell = largest(cells, of: x) else { return }
      y[output] = x[cell]
      dx[cell] += dy[output]
    }
    let result = Pooling.maxForward(x, geometry)
    #expect(zip(result, y).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) }, "\(geometry)")
    #expect(result.count == y.count)
    #expect(Pooling.maxBackward(x, dy, geometry) == dx, "seed \(seed) \(geometry)")
    guard !x.contains(where: \.isNaN) else { return }
    let narrow = Pooling.maxBackward(x.map(Float.init), dy.map(Float.init), geometry)
    #expect(narrow == dx.map(Float.init))
  }

  @Test("sum and average with each divisor", arguments: 1...300)
  func average(seed: Int) {
    var samples = Samples(seed: UInt64(seed) &+ 1_000)
    let pooling =
      seed % 3 == 0
      ? DefinedPooling.adaptive(&samples) : .sliding(&samples, dilation: false)
    let geometry = pooling.geometry
    let x: [Double] = samples.fractions(geometry.inputCount)
    let dy: [Double] = samples.fractions(geometry.outputCount)
    for divisor in [PoolDivisor.padded, .valid, .fixed(5)] {
      var (sums, means) = (dy, dy)
      var (dx, spread) = (x.map { _ in 0.0 }, x.map { _ in 0.0 })
      pooling.forEachWindow { cells, padded, output in
        let count =
          switch divisor {
          case .padded: padded
          case .valid: cells.count
          case .fixed(let number): number
          }
        sums[output] = cells.reduce(0) { $0 + x[$1] }
        means[output] = sums[output] / Double(count)
        for cell in cells {
          dx[cell] += dy[output] / Double(count)
          spread[cell] += dy[output]
        }
      }
      #expect(Pooling.sumForward(x, geometry) == sums, "\(geometry)")
      #expect(Pooling.sumBackward(dy, geometry) == spread, "\(geometry)")
      let result = Pooling.averageForward(x, geometry, divisor: divisor)
      #expect(zip(result, means).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) }, "\(geometry)")
      let back = Pooling.averageBackward(dy, geometry, divisor: divisor)
      #expect(back == dx, "seed \(seed) \(divisor) \(geometry)")
    }
  }

  @Test("ceil mode: the last window must start inside the input or the padding before it")
  func ceilMode() {
    func axis(_ extent: Int, _ kernel: Int, _ stride: Int, _ padding: Int) -> WindowAxis {
      WindowAxis(
        extent: extent, kernel: kernel, stride: stride, paddingBegin: padding,
        paddingEnd: padding, ceilMode: true)
    }
    #expect(axis(6, 3, 2, 0).output == 3)
    #expect(axis(5, 2, 2, 0).output == 3)
    // ⌈(5 + 2 − 2)/3⌉ + 1 = 3, but the third window would start at 6 = H + P.
    #expect(axis(5, 2, 3, 1).output == 2)
    #expect(axis(4, 1, 3, 0).output == 2)
  }
}
