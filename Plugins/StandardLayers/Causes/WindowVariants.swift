// Convolutions that count their windows otherwise, and what becomes of a cell then.

import Kernels
import LayerKit
import Tensors

/// The windows of a convolution on all its spatial axes, as they can be counted wrongly.
///
/// Per axis: n = H + P + P′ − K̃, K̃ = d(K − 1) + 1, Ho = ⌊n/s⌋ + 1, r = n mod s.
struct WindowVariants {
  let axes: [WindowAxis]

  /// The end padding that keeps the number of windows where the rest is counted otherwise; a negative
  /// number cuts cells off.
  private static func end(
    _ axis: WindowAxis, stride: Int, dilation: Int, begin: Int
  ) -> Int {
    (axis.output - 1) * stride + dilation * (axis.kernel - 1) + 1 - axis.extent - begin
  }

  /// As many windows side by side, without their stride.
  var withoutStride: ((inout ConvolutionSettings) -> Void)? {
    guard axes.contains(where: { $0.stride > 1 && $0.output > 1 }) else { return nil }
    let ends = axes.map {
      Self.end($0, stride: 1, dilation: $0.dilation, begin: $0.paddingBegin)
    }
    let begins = axes.map(\.paddingBegin)
    return { settings in
      settings.stride = begins.map { _ in 1 }
      settings.padding = .cells(begin: begins, end: ends)
    }
  }

  /// As many windows whose taps lie side by side.
  var withoutDilation: ((inout ConvolutionSettings) -> Void)? {
    guard axes.contains(where: { $0.dilation > 1 && $0.kernel > 1 }) else { return nil }
    let ends = axes.map { Self.end($0, stride: $0.stride, dilation: 1, begin: $0.paddingBegin) }
    let begins = axes.map(\.paddingBegin)
    return { settings in
      settings.dilation = begins.map { _ in 1 }
      settings.padding = .cells(begin: begins, end: ends)
    }
  }

  /// The same cells of padding at other ends, each with its name.
  var paddingSides: [(name: String, change: (inout ConvolutionSettings) -> Void)] {
    guard axes.contains(where: { $0.paddingBegin + $0.paddingEnd > 0 }) else { return [] }
    let (begins, ends) = (axes.map(\.paddingBegin), axes.map(\.paddingEnd))
    let totals = zip(begins, ends).map { $0 + $1 }
    let zeros = totals.map { _ in 0 }
    return [
      ("begin and end exchanged", ends, begins), ("all at the end", zeros, totals),
      ("all at the begin", totals, zeros),
    ].compactMap { name, begin, end in
      guard begin != begins, begin.allSatisfy({ $0 >= 0 }) else { return nil }
      return (name, { $0.padding = .cells(begin: begin, end: end) })
    }
  }

  /// The gradient of the padded image as it is seen `shift` cells later, per axis: the change of
  /// the settings, and how far the result must still move because padding cannot be negative.
  func shifted(
    _ shift: [Int]
  ) -> (change: (inout ConvolutionSettings) -> Void, rest: [Int])? {
    guard shift.contains(where: { $0 != 0 }) else { return nil }
    let wanted = zip(axes, shift).map { $0.paddingBegin + $1 }
    let begins = wanted.map { max(0, $0) }
    let ends = zip(axes, begins).map {
      Self.end($0, stride: $0.stride, dilation: $0.dilation, begin: $1)
    }
    return (
      { $0.padding = .cells(begin: begins, end: ends) }, zip(wanted, begins).map { $0 - $1 }
    )
  }

  /// Cell y of each spatial axis comes from cell y + shift; from outside comes a zero.
  static func moves(_ shape: Shape, _ shift: [Int]) -> Moves {
    Moves(shape, from: shape) { index in
      var source = index
      for (axis, distance) in shift.enumerated() {
        source[axis + 2] += distance
        guard (0..<shape[axis + 2]).contains(source[axis + 2]) else { return nil }
      }
      return source
    }
  }

  /// The last cells of each spatial axis are zero, as many as no window reaches.
  static func withoutLast(_ shape: Shape, _ rest: [Int]) -> Moves {
    Moves(shape, from: shape) { index in
      rest.enumerated().contains { index[$0 + 2] >= shape[$0 + 2] - $1 } ? nil : index
    }
  }

  /// For each cell of an axis the last window that reaches it, and by which tap.
  static func lastReach(_ axis: WindowAxis) -> [(window: Int, tap: Int)?] {
    var reach = [(window: Int, tap: Int)?](repeating: nil, count: axis.extent)
    for window in 0..<axis.output {
      for tap in 0..<axis.kernel {
        let cell = axis.cell(window: window, tap: tap)
        if reach.indices.contains(cell) { reach[cell] = (window, tap) }
      }
    }
    return reach
  }
}

/// The map from windows back to cells in which each cell keeps what the last window wrote.
///
///     y[n, o, h] = b[o] + Σ_c w[c, o, p(h)] · x[n, c, i(h)]        i(h) the last window that reaches h
///
/// It is the gradient of a convolution's input, and the output of a transposed convolution, with
/// `=` for `+=`.
struct OverwrittenWindows {
  let axes: [WindowAxis]
  let groups: Int

  /// `w` is [C, O/G, K…], `x` is [N, C, windows…]; the result is of `shape` [N, O, cells…].
  func values(
    _ w: Tensor<Double>, _ x: Tensor<Double>, bias: Tensor<Double>? = nil, shape: Shape
  ) -> Tensor<Double> {
    let reaches = axes.map(WindowVariants.lastReach)
    let taps = w.shape.extents.dropFirst(2).reduce(1, *)
    let windows = x.shape.extents.dropFirst(2).reduce(1, *)
    let cells = shape.extents.dropFirst(2).reduce(1, *)
    // Window and tap of each cell, as offsets into the rows of windows and taps.
    let space = Shape(Array(shape.extents.dropFirst(2)))
    let reached = (0..<cells).map { cell -> (window: Int, tap: Int)? in
      var offset = (window: 0, tap: 0)
      for (axis, position) in space.index(at: cell).enumerated() {
        guard let reach = reaches[axis][position] else { return nil }
        offset.window = offset.window * axes[axis].output + reach.window
        offset.tap = offset.tap * axes[axis].kernel + reach.tap
      }
      return offset
    }
    let (channels, filters) = (w.shape[0] / groups, w.shape[1])
    var y = Tensor(shape, repeating: 0.0)
    for n in 0..<shape[0] {
      for o in 0..<shape[1] {
        let (group, filter) = o.quotientAndRemainder(dividingBy: filters)
        let start = (n * shape[1] + o) * cells
        if let bias {
          for cell in 0..<cells { y[start + cell] = bias[o] }
        }
        for c in group * channels..<(group + 1) * channels {
          let (row, kernel) = ((n * w.shape[0] + c) * windows, (c * filters + filter) * taps)
          for (cell, reach) in reached.enumerated() {
            guard let reach else { continue }
            y[start + cell] += w[kernel + reach.tap] * x[row + reach.window]
          }
        }
      }
    }
    return y
  }

  /// The prediction, with the bound of a sum over the channels of a group and the bias.
  func prediction(
    _ w: Tensor<Double>, _ x: Tensor<Double>, bias: Tensor<Double>? = nil, shape: Shape
  ) -> Prediction {
    let terms = w.shape[0] / groups + 1
    return Prediction(
      of: shape,
      margin: .own {
        let magnitude = values(
          w.map(\.magnitude), x.map(\.magnitude), bias: bias?.map(\.magnitude), shape: shape)
        return .sum(terms: terms, magnitude: magnitude)
      }
    ) { values(w, x, bias: bias, shape: shape) }
  }
}
