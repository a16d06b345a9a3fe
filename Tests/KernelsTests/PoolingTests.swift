import Kernels
import Testing

@Suite("Pooling")
struct PoolingTests {
  /// The cells of one window inside the input as offsets in the plane, in row-major order.
  private func cells(_ g: PoolGeometry, _ y: Int, _ x: Int) -> [Int] {
    (0..<g.height.kernel).flatMap { p in
      (0..<g.width.kernel).compactMap { q in
        let h = y * g.height.stride + p * g.height.dilation - g.height.paddingBegin
        let w = x * g.width.stride + q * g.width.dilation - g.width.paddingBegin
        guard h >= 0, h < g.height.extent, w >= 0, w < g.width.extent else { return nil }
        return h * g.width.extent + w
      }
    }
  }

  /// Calls `body` with the input offsets of each window and its output offset.
  private func forEachWindow(_ g: PoolGeometry, _ body: ([Int], Int, _ y: Int, _ x: Int) -> Void) {
    for plane in 0..<g.batch * g.channels {
      for y in 0..<g.height.output {
        for x in 0..<g.width.output {
          let base = plane * g.height.extent * g.width.extent
          let output = (plane * g.height.output + y) * g.width.output + x
          body(cells(g, y, x).map { base + $0 }, output, y, x)
        }
      }
    }
  }

  private func random(_ samples: inout Samples, dilation: Bool) -> PoolGeometry {
    func axis() -> WindowAxis {
      let kernel = Int.random(in: 1...4, using: &samples)
      let step = dilation ? Int.random(in: 1...2, using: &samples) : 1
      let padding = Int.random(in: 0...kernel / 2, using: &samples)
      let least = max(1, step * (kernel - 1) + 1 - 2 * padding)
      return WindowAxis(
        extent: Int.random(in: least...max(least, 9), using: &samples), kernel: kernel,
        stride: Int.random(in: 1...4, using: &samples), paddingBegin: padding,
        paddingEnd: padding, dilation: step, ceilMode: Bool.random(using: &samples))
    }
    return PoolGeometry(
      batch: Int.random(in: 1...3, using: &samples),
      channels: Int.random(in: 1...4, using: &samples), height: axis(), width: axis())
  }

  /// The first largest cell; the first NaN before all.
  private func first(_ cells: [Int], of x: [Double]) -> Int? {
    cells.first { x[$0].isNaN } ?? cells.first { cell in cells.allSatisfy { x[cell] >= x[$0] } }
  }

  @Test("max: ties to the first, NaN wins, padding never", arguments: 1...200)
  func maximum(seed: Int) {
    var samples = Samples(seed: UInt64(seed))
    let geometry = random(&samples, dilation: true)
    // Few different values: many ties.
    let x: [Double] = (0..<geometry.inputCount).map { _ in
      Int.random(in: 0..<40, using: &samples) == 0
        ? .nan : Double(Int.random(in: -3 ... -1, using: &samples))
    }
    let dy: [Double] = samples.whole(geometry.outputCount)
    var (y, dx) = ([Double](repeating: -.infinity, count: dy.count), x.map { _ in 0.0 })
    forEachWindow(geometry) { cells, output, _, _ in
      guard let cell = first(cells, of: x) else { return }
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

  /// Cells of the window inside the padded input.
  private func padded(_ axis: WindowAxis, _ window: Int) -> Int {
    (0..<axis.kernel).count {
      window * axis.stride + $0 - axis.paddingBegin < axis.extent + axis.paddingEnd
    }
  }

  @Test("sum and average with each divisor", arguments: 1...200)
  func average(seed: Int) {
    var samples = Samples(seed: UInt64(seed) &+ 1_000)
    let geometry = random(&samples, dilation: false)
    let x: [Double] = samples.whole(geometry.inputCount)
    let dy: [Double] = samples.whole(geometry.outputCount).map { $0 * 3_600 }
    for divisor in [PoolDivisor.padded, .valid, .fixed(5)] {
      var (sums, means) = (dy, dy)
      var (dx, spread) = (x.map { _ in 0.0 }, x.map { _ in 0.0 })
      forEachWindow(geometry) { cells, output, y, column in
        let count =
          switch divisor {
          case .padded: padded(geometry.height, y) * padded(geometry.width, column)
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

  @Test("adaptive average: windows from ⌊iH/Ho⌋ up to ⌈(i+1)H/Ho⌉", arguments: 1...40)
  func adaptive(seed: Int) {
    var samples = Samples(seed: UInt64(seed) &+ 5_000)
    func axis() -> AdaptiveAxis {
      AdaptiveAxis(
        extent: Int.random(in: 1...9, using: &samples),
        output: Int.random(in: 1...9, using: &samples))
    }
    let (height, width) = (axis(), axis())
    let x: [Double] = samples.whole(2 * height.extent * width.extent)
    let dy: [Double] = samples.whole(2 * height.output * width.output)
    var (y, dx) = (dy, x.map { _ in 0.0 })
    for plane in 0..<2 {
      for i in 0..<height.output {
        for j in 0..<width.output {
          let output = (plane * height.output + i) * width.output + j
          let rows = (0..<height.extent).filter {
            ($0 + 1) * height.output > i * height.extent
              && $0 * height.output < (i + 1) * height.extent
          }
          let columns = (0..<width.extent).filter {
            ($0 + 1) * width.output > j * width.extent && $0 * width.output < (j + 1) * width.extent
          }
          let count = Double(rows.count * columns.count)
          var sum = 0.0
          for h in rows {
            for w in columns {
              let cell = (plane * height.extent + h) * width.extent + w
              sum += x[cell]
              dx[cell] += dy[output] / count
            }
          }
          y[output] = sum / count
        }
      }
    }
    let result = Pooling.adaptiveAverageForward(x, planes: 2, height: height, width: width)
    #expect(result == y, "\(height) \(width)")
    let back = Pooling.adaptiveAverageBackward(dy, planes: 2, height: height, width: width)
    #expect(back == dx, "\(height) \(width)")
  }
}
