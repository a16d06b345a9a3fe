import Kernels
import Tensors

/// One axis of a random pooling: sliding windows, or as many as asked for.
enum PoolAxisShape: Hashable, Sendable {
  case sliding(AxisShape, ceilMode: Bool)
  case adaptive(extent: Int, output: Int)

  var axis: PoolAxis {
    switch self {
    case .sliding(let shape, let ceilMode):
      .sliding(
        WindowAxis(
          extent: shape.extent, kernel: shape.kernel, stride: shape.stride,
          paddingBegin: shape.begin, paddingEnd: shape.end, dilation: shape.dilation,
          ceilMode: ceilMode))
    case .adaptive(let extent, let output):
      .adaptive(AdaptiveAxis(extent: extent, output: output))
    }
  }

  /// The cells of a window that lie inside the extent, and how many lie inside the padded one.
  func cells(window: Int) -> (inside: [Int], padded: Int) {
    switch self {
    case .sliding(let shape, _):
      let all = (0..<shape.kernel).map {
        window * shape.stride + $0 * shape.dilation - shape.begin
      }
      return (
        all.filter { 0 <= $0 && $0 < shape.extent }, all.count { $0 < shape.extent + shape.end }
      )
    case .adaptive(let extent, let output):
      let inside = (0..<extent).filter {
        ($0 + 1) * output > window * extent && $0 * output < (window + 1) * extent
      }
      return (inside, inside.count)
    }
  }

  var simpler: [PoolAxisShape] {
    switch self {
    case .sliding(let shape, let ceilMode):
      (ceilMode ? [.sliding(shape, ceilMode: false)] : [])
        + shape.simpler.map { .sliding($0, ceilMode: ceilMode) }
    case .adaptive(let extent, let output):
      [
        .adaptive(extent: (extent + 1) / 2, output: output),
        .adaptive(extent: extent, output: output / 2),
      ].filter { $0 != self }
    }
  }
}

/// The shape of a random pooling.
struct PoolShape: ProvenShape, Hashable, Sendable {
  var planes: Int
  var axes: [PoolAxisShape]

  static func random(_ samples: inout Samples) -> PoolShape {
    let rank = samples.pick([1, 2, 2, 3])
    let isAdaptive = samples.pick([false, false, true])
    return PoolShape(
      planes: samples.pick([1, 2, 5, 9]),
      axes: (0..<rank).map { _ in
        let longest = [200, 24, 9][rank - 1]
        let extent = Int.random(in: 1...longest, using: &samples)
        guard !isAdaptive else {
          return .adaptive(
            extent: extent, output: Int.random(in: 1...min(longest, 12), using: &samples))
        }
        let kernel = Int.random(in: 1...5, using: &samples)
        let dilation = samples.pick([1, 1, 2])
        let begin = Int.random(in: 0...kernel / 2, using: &samples)
        let end = Int.random(in: 0...kernel / 2, using: &samples)
        return .sliding(
          AxisShape(
            extent: max(extent, dilation * (kernel - 1) + 1 - begin - end), kernel: kernel,
            stride: Int.random(in: 1...4, using: &samples), begin: begin, end: end,
            dilation: dilation), ceilMode: Bool.random(using: &samples))
      })
  }

  var description: String {
    "pooling of \(planes) planes, \(axes.map { "\($0)" }.joined(separator: " × "))"
  }

  var simpler: [PoolShape] {
    var simpler = planes > 1 ? [PoolShape(planes: planes / 2, axes: axes)] : []
    for index in axes.indices {
      if axes.count > 1 {
        var shape = self
        shape.axes.remove(at: index)
        simpler.append(shape)
      }
      for axis in axes[index].simpler {
        var shape = self
        shape.axes[index] = axis
        simpler.append(shape)
      }
    }
    return simpler
  }

  func problem(seed: UInt64, _ run: inout Run) -> Problem? {
    for style in [Style.whole, .fractions] {
      if let problem = problem(style, seed, &run, Float.self) { return problem }
      if let problem = problem(style, seed, &run, Double.self) { return problem }
    }
    return nil
  }

  /// The cells of each window in row-major order, and how many it has in the padded input.
  private var windows: [(cells: [Int], padded: Int)] {
    axes.reduce([([0], 1)]) { windows, shape in
      windows.flatMap { cells, padded in
        (0..<shape.axis.output).map { window in
          let own = shape.cells(window: window)
          return (
            cells.flatMap { cell in own.inside.map { cell * shape.axis.extent + $0 } },
            padded * own.padded
          )
        }
      }
    }
  }

  private func problem<S: ProofScalar>(
    _ style: Style, _ seed: UInt64, _ run: inout Run, _: S.Type
  ) -> Problem? {
    let geometry = PoolGeometry(planes: planes, axes: axes.map(\.axis))
    var samples = Samples(seed: seed)
    // Few different values, so that there are ties; NaN among them.
    let ties = GuardedArray<S>(count: geometry.inputCount) { _ in
      let random = samples.next()
      return random % 40 == 0 ? .nan : S(Int(random >> 32) % 4) - 2
    }
    let x: GuardedArray<S> = samples.numbers(geometry.inputCount, style)
    let dy: GuardedArray<S> = samples.numbers(geometry.outputCount, style)
    let definition = PoolDefinition(planes: planes, windows: windows, inputs: geometry.inputCount)
    let place = "seed \(seed), \(style), \(self)"
    func check(
      _ name: String, _ expected: Expected, _ operands: [GuardedArray<S>], _ compute: () -> [S]
    ) -> Problem? {
      run.check(name, in: place, expected, threads: true, operands, compute)?.at("\(style)")
    }
    let exact = style == .whole
    let largest = definition.largest(ties.elements)
    let problem =
      check("maximum", Expected(equal: largest.values), [ties]) {
        Pooling.maxForward(ties.elements, geometry)
      }
      ?? check(
        "gradient of the maximum",
        Expected(definition.sent(dy.elements, to: largest.cells), exact: exact), [ties, dy]
      ) { Pooling.maxBackward(ties.elements, dy.elements, geometry) }
      ?? check("sum", Expected(definition.sums(x.elements), exact: exact), [x]) {
        Pooling.sumForward(x.elements, geometry)
      }
      ?? check("gradient of the sum", Expected(definition.spread(dy.elements), exact: exact), [dy])
    { Pooling.sumBackward(dy.elements, geometry) }
    if let problem { return problem }
    for divisor in [PoolDivisor.padded, .valid, .fixed(3)] {
      let problem =
        check("average, \(divisor)", definition.averages(x.elements, divisor), [x]) {
          Pooling.averageForward(x.elements, geometry, divisor: divisor)
        }
        ?? check(
          "gradient of the average, \(divisor)", definition.shares(dy.elements, divisor), [dy]
        ) { Pooling.averageBackward(dy.elements, geometry, divisor: divisor) }
      if let problem { return problem }
    }
    return nil
  }
}
