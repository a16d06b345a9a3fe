import Kernels
import Tensors

/// The shape of random sums over samples and space.
struct ReductionShape: ProvenShape, Hashable, Sendable {
  var batch: Int
  var channels: Int
  var area: Int

  static func random(_ samples: inout Samples) -> ReductionShape {
    ReductionShape(
      batch: samples.logarithmic(upTo: 9), channels: samples.logarithmic(upTo: 20),
      area: samples.pick([
        0, 1, 2, 15, 16, 17, 255, 256, 257, 300, samples.logarithmic(upTo: 3_000),
      ]))
  }

  /// No rows, empty rows, and so many elements that several tasks share them.
  static let chosen = [
    ReductionShape(batch: 0, channels: 3, area: 4), ReductionShape(batch: 2, channels: 0, area: 4),
    ReductionShape(batch: 1, channels: 1, area: 200_000),
    ReductionShape(batch: 7, channels: 90, area: 1_000),
  ]

  var description: String { "sums of \(batch) × \(channels) × \(area)" }

  var simpler: [ReductionShape] {
    [
      ReductionShape(batch: (batch + 1) / 2, channels: channels, area: area),
      ReductionShape(batch: batch, channels: (channels + 1) / 2, area: area),
      ReductionShape(batch: batch, channels: channels, area: (area + 1) / 2),
      ReductionShape(batch: batch, channels: channels, area: area - 1),
    ].filter { $0 != self && $0.area >= 0 }
  }

  func problem(seed: UInt64, _ run: inout Run) -> Problem? {
    for style in Style.allCases where style != .tiny {
      if let problem = problem(style, seed, &run, Float.self) { return problem }
      if let problem = problem(style, seed, &run, Double.self) { return problem }
    }
    return nil
  }

  private func problem<S: ProofScalar>(
    _ style: Style, _ seed: UInt64, _ run: inout Run, _: S.Type
  ) -> Problem? {
    var samples = Samples(seed: seed)
    let count = batch * channels * area
    let x: GuardedArray<S> = samples.numbers(count, style)
    let y: GuardedArray<S> = samples.numbers(count, style)
    func sums(_ rows: Int, _ row: (Int) -> Int, products: Bool) -> Expected {
      var sums = [ExactSum<S>](repeating: ExactSum(), count: rows)
      for index in 0..<count {
        sums[row(index)].add(x.elements[index], times: products ? y.elements[index] : 1)
      }
      guard style != .whole else { return Expected(sums, exact: true) }
      // 16 additions in a lane, a tree of 16 lanes, trees of blocks and of samples; a product.
      func depth(_ count: Int) -> Int {
        count < 2 ? 0 : Int.bitWidth - (count - 1).leadingZeroBitCount
      }
      let blocks = (max(area, rows == 1 ? count : 0) + 255) / 256
      let roundings = 16 + 4 + depth(blocks) + depth(batch) + 1
      return Expected(
        high: sums.map(\.high), low: sums.map(\.low),
        bound: sums.map { $0.bound(roundings: min(roundings, $0.terms)) })
    }
    for products in [false, true] {
      let second = products ? y.elements : nil
      let title = products ? " of products" : ""
      func check(_ name: String, _ expected: Expected, _ compute: () -> [S]) -> Problem? {
        run.check(
          name + title, in: "seed \(seed), \(style), \(self)", expected, threads: true, [x, y],
          compute)?.at("\(style)")
      }
      let problem =
        check("sum", sums(1, { _ in 0 }, products: products)) {
          [second.map { Reduction.sum(x.elements, times: $0) } ?? Reduction.sum(x.elements)]
        }
        ?? check("sums of rows", sums(batch * channels, { $0 / area }, products: products)) {
          Reduction.rowSums(x.elements, times: second, rows: batch * channels, columns: area)
        }
        ?? check(
          "sums of channels", sums(channels, { $0 / area % channels }, products: products)
        ) {
          Reduction.channelSums(
            x.elements, times: second, batch: batch, channels: channels, area: area)
        }
      if let problem { return problem }
    }
    return nil
  }
}
