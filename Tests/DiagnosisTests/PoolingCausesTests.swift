import LayerKit
import Tensors
import Testing

/// Faults of pools over rectangular windows that overlap, with padding and an overhang, from loops.
@Suite struct PoolingCausesTests {
  /// Window 3×2, stride 2×1, padding 1, image 6×5; `ceil_mode` adds a row that hangs over.
  private let kernel = [3, 2]
  private let stride = [2, 1]
  private let image = [6, 5]

  private func fault(
    _ kind: String, _ others: [String: HyperparameterValue] = [:], ceilMode: Bool = false,
    integers: Bool = false, from low: Double = -2, seed: UInt64 = 31
  ) throws -> PlantedFault {
    var draw = Draw(seed: seed)
    let shape = Shape([3, 2] + image)
    let x = integers ? draw.integers(shape, from: -2, to: 2) : draw.tensor(shape, from: low, to: 2)
    let dy = draw.tensor(Shape([3, 2, rows(ceilMode), 6]))
    let settings: [String: HyperparameterValue] = [
      "kernel_size": [3, 2], "stride": [2, 1], "padding": [1, 1], "ceil_mode": .boolean(ceilMode),
    ]
    return try PlantedFault(
      kind, settings.merging(others) { $1 }, Operands(inputs: [x]), upstream: [dy])
  }

  /// (6 + 2 − 3)/2 rounded down or up, + 1.
  private func rows(_ ceilMode: Bool) -> Int { ceilMode ? 4 : 3 }

  /// A window: where its number stands, and for each tap the cell, nil outside of the image.
  private struct Window {
    let output: Int
    let taps: [(p: Int, q: Int, cell: Int?)]
    /// The number of taps inside the padded image.
    let padded: Int
    var cells: [Int] { taps.compactMap(\.cell) }
  }

  private func windows(_ ceilMode: Bool = false) -> [Window] {
    var windows: [Window] = []
    for plane in 0..<6 {
      for i in 0..<rows(ceilMode) {
        for j in 0..<6 {
          var taps: [(p: Int, q: Int, cell: Int?)] = []
          var padded = 0
          for p in 0..<kernel[0] {
            for q in 0..<kernel[1] {
              let (h, w) = (i * stride[0] + p - 1, j * stride[1] + q - 1)
              if h < image[0] + 1, w < image[1] + 1 { padded += 1 }
              let isInside = h >= 0 && h < image[0] && w >= 0 && w < image[1]
              taps.append((p, q, isInside ? (plane * image[0] + h) * image[1] + w : nil))
            }
          }
          windows.append(Window(output: windows.count, taps: taps, padded: padded))
        }
      }
    }
    return windows
  }

  /// Means, or their gradients, with a divisor for each window.
  private func means(
    _ tensor: ResultTensor, _ n: PlantedFault.Numbers, ceilMode: Bool = false,
    _ divisor: (Window) -> Double
  ) -> Tensor<Double> {
    var result =
      tensor == .output(0)
      ? Tensor(Shape([3, 2, rows(ceilMode), 6]), repeating: 0.0) : n.x.map { _ in 0 }
    for window in windows(ceilMode) {
      for cell in window.cells {
        if tensor == .output(0) {
          result[window.output] += n.x[cell] / divisor(window)
        } else {
          result[cell] += n.dy[window.output] / divisor(window)
        }
      }
    }
    return result
  }

  private let both: [ResultTensor] = [.output(0), .inputGradient(0)]

  // MARK: Means and sums

  @Test func averageDivisor() throws {
    try fault("AvgPool2d").expect(
      "average-pool-divisor", in: both, detail: "divided by the cells inside the image"
    ) { tensor, n in means(tensor, n) { Double($0.cells.count) } }
    try fault("AvgPool2d", ["count_include_pad": false]).expect(
      "average-pool-divisor", in: both
    ) { tensor, n in means(tensor, n) { _ in 6 } }
    // With an overhang the padded extent and the whole window are not the same.
    try fault("AvgPool2d", ["count_include_pad": false], ceilMode: true).expect(
      "average-pool-divisor", in: both, detail: "divided by the cells inside the padded image"
    ) { tensor, n in means(tensor, n, ceilMode: true) { Double($0.padded) } }
    try fault("AvgPool2d", ceilMode: true).expect(
      "average-pool-divisor", in: both, detail: "divided by all 6 cells of the window"
    ) { tensor, n in means(tensor, n, ceilMode: true) { _ in 6 } }
  }

  @Test func averageAndSumMixed() throws {
    for counts in [true, false] {
      try fault("AvgPool2d", ["count_include_pad": .boolean(counts)]).expect(
        "pool-average-sum-mixed", in: both
      ) { tensor, n in means(tensor, n) { _ in 1 } }
    }
    try fault("SumPool2d").expect("pool-average-sum-mixed", in: both) { tensor, n in
      means(tensor, n) { _ in 6 }
    }
    try fault("SumPool2d").expect("pool-average-sum-mixed", in: both) { tensor, n in
      means(tensor, n) { Double($0.cells.count) }
    }
  }

  @Test func overlapOverwritten() throws {
    try fault("AvgPool2d", ["count_include_pad": false]).expect(
      "overlap-overwritten", in: [.inputGradient(0)]
    ) { _, n in
      var dx = n.x.map { _ in 0.0 }
      for window in windows() {
        for cell in window.cells { dx[cell] = n.dy[window.output] / Double(window.cells.count) }
      }
      return dx
    }
    try fault("SumPool2d").expect("overlap-overwritten", in: [.inputGradient(0)]) { _, n in
      var dx = n.x.map { _ in 0.0 }
      for window in windows() { for cell in window.cells { dx[cell] = n.dy[window.output] } }
      return dx
    }
    try fault("MaxPool2d").expect("overlap-overwritten", in: [.inputGradient(0)]) { _, n in
      maximumGradient(n) { dx, cell, g in dx[cell] = g }
    }
  }

  // MARK: Maxima

  /// The gradient of maxima: what the first largest cell of each window makes of its number.
  private func maximumGradient(
    _ n: PlantedFault.Numbers, _ write: (inout Tensor<Double>, _ cell: Int, Double) -> Void
  ) -> Tensor<Double> {
    var dx = n.x.map { _ in 0.0 }
    for window in windows() {
      var best: Int?
      for cell in window.cells where n.x[cell] > best.map({ n.x[$0] }) ?? -.infinity { best = cell }
      if let best { write(&dx, best, n.dy[window.output]) }
    }
    return dx
  }

  private func ties(_ n: PlantedFault.Numbers, _ window: Window) -> [Int] {
    let largest = window.cells.map { n.x[$0] }.max()
    return window.cells.filter { n.x[$0] == largest }
  }

  @Test func tieRule() throws {
    let rules: [(String, ([Int]) -> [(Int, Double)])] = [
      ("to the last of equal cells", { [($0[$0.count - 1], 1)] }),
      ("in equal shares", { ties in ties.map { ($0, 1 / Double(ties.count)) } }),
      ("whole to each of equal cells", { $0.map { ($0, 1) } }),
    ]
    for (name, rule) in rules {
      func gradient(_ n: PlantedFault.Numbers) -> Tensor<Double> {
        var dx = n.x.map { _ in 0.0 }
        for window in windows() {
          for (cell, share) in rule(ties(n, window)) { dx[cell] += share * n.dy[window.output] }
        }
        return dx
      }
      try fault("MaxPool2d", integers: true).expect(
        "max-pool-tie-rule", in: [.inputGradient(0)], detail: name
      ) { _, n in gradient(n) }
      try fault("MaxPool2d").expectHidden("max-pool-tie-rule", in: .inputGradient(0), gradient)
    }
  }

  @Test func zeroPadding() throws {
    func padded(_ tensor: ResultTensor, _ n: PlantedFault.Numbers) -> Tensor<Double> {
      var y = Tensor(Shape([3, 2, 3, 6]), repeating: 0.0)
      var dx = n.x.map { _ in 0.0 }
      for window in windows() {
        var (best, value): (Int?, Double) = (nil, -.infinity)
        for tap in window.taps {
          let candidate = tap.cell.map { n.x[$0] } ?? 0
          if candidate > value { (best, value) = (tap.cell, candidate) }
        }
        y[window.output] = value
        if let best { dx[best] += n.dy[window.output] }
      }
      return tensor == .output(0) ? y : dx
    }
    try fault("MaxPool2d").expect("max-pool-zero-padding", in: both, padded)
    let positive = try fault("MaxPool2d", from: 0.5)
    for tensor in both {
      try positive.expectHidden("max-pool-zero-padding", in: tensor) { padded(tensor, $0) }
    }
  }

  @Test func indexTransposed() throws {
    for decodes in [true, false] {
      try fault("MaxPool2d").expect("pool-index-transposed", in: [.inputGradient(0)]) { _, n in
        var dx = n.x.map { _ in 0.0 }
        for window in windows() {
          let inside = window.taps.filter { $0.cell != nil }
          let best = inside.max { n.x[$0.cell ?? 0] < n.x[$1.cell ?? 0] }
          guard let best else { continue }
          let index = best.p * kernel[1] + best.q
          let (p, q) = decodes ? (index % kernel[0], index / kernel[0]) : (best.q, best.p)
          // The cell at row p, column q from the window's first, which may lie beyond the window.
          let (i, j) = (window.output / 6 % 3, window.output % 6)
          let (h, w) = (i * stride[0] + p - 1, j * stride[1] + q - 1)
          guard h >= 0, h < image[0], w >= 0, w < image[1] else { continue }
          dx[((window.output / 18) * image[0] + h) * image[1] + w] += n.dy[window.output]
        }
        return dx
      }
    }
  }

  // MARK: Shapes

  @Test func ceilMode() throws {
    for ceilMode in [true, false] {
      try fault("AvgPool2d", ["count_include_pad": false], ceilMode: ceilMode).expect(
        "ceil-mode", in: [.output(0)]
      ) { tensor, n in means(tensor, n, ceilMode: !ceilMode) { Double($0.cells.count) } }
      try fault("SumPool2d", ceilMode: ceilMode).expect("ceil-mode", in: [.output(0)]) {
        tensor, n in means(tensor, n, ceilMode: !ceilMode) { _ in 1 }
      }
      try fault("MaxPool2d", ceilMode: ceilMode).expect("ceil-mode", in: [.output(0)]) { _, n in
        var y = Tensor(Shape([3, 2, rows(!ceilMode), 6]), repeating: 0.0)
        for window in windows(!ceilMode) {
          y[window.output] = window.cells.map { n.x[$0] }.max() ?? 0
        }
        return y
      }
    }
  }

  // MARK: Controls

  @Test func rightResultsGetNoCause() throws {
    for kind in ["AvgPool2d", "SumPool2d", "MaxPool2d"] {
      for ceilMode in [false, true] {
        try fault(kind, ceilMode: ceilMode).expectNoCause(in: both)
        try fault(kind, ceilMode: ceilMode, integers: true).expectNoCause(in: both)
        try fault(kind, ceilMode: ceilMode).scaled(1e-42).expectNoCause(in: both)
      }
    }
  }
}
