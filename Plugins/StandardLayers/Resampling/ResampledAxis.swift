// Where the cells of an enlarged or reduced image come from, along one axis.
// Source: torch.nn.functional.interpolate (2.13) and the functions of PyTorch that it calls for
// tensors in memory order; R. Keys, *Cubic Convolution Interpolation for Digital Image
// Processing*, 1981, with a = −3/4.

import Tensors

/// How an image is enlarged or reduced: `mode` of `torch.nn.Upsample`.
enum ResamplingMode: String, CaseIterable, Sendable {
  /// The cell below the position of the new cell's first corner.
  case nearest
  /// The cell below the position of the new cell's centre.
  case nearestExact = "nearest-exact"
  /// Between the two nearest centres, on one axis.
  case linear
  /// The same on two axes.
  case bilinear
  /// By a cubic through the four nearest centres, on two axes.
  case bicubic
  /// As `linear`, on three axes.
  case trilinear
  /// The mean of the cells that the new cell touches.
  case area

  /// Whether one cell is selected, without any arithmetic.
  var selects: Bool { self == .nearest || self == .nearestExact }

  /// Whether new cells lie between the centres of cells.
  var interpolates: Bool { !selects && self != .area }

  /// The number of spatial axes; nil for any.
  var axes: Int? {
    switch self {
    case .nearest, .nearestExact, .area: nil
    case .linear: 1
    case .bilinear, .bicubic: 2
    case .trilinear: 3
    }
  }
}

/// One axis of an image that is enlarged or reduced.
///
/// Position p of new cell j, with centres of cells at whole numbers:
///
///     p = r·j                     with `align_corners`, r = (L − 1)/(L′ − 1)
///     p = r·(j + ½) − ½           without, r = L/L′, or 1/scale where a scale is given
struct ResampledAxis: Sendable {
  let mode: ResamplingMode
  /// L, the extent of the image.
  let extent: Int
  /// L′, the extent of the result.
  let output: Int
  /// Whether the centres of the corner cells stay where they are.
  let alignsCorners: Bool
  /// Whether p = r·j, for any r.
  private let omitsHalfPixel: Bool
  /// r, the distance of two new cells, in cells.
  let step: Double

  init(
    _ mode: ResamplingMode, extent: Int, output: Int, alignsCorners: Bool,
    omitsHalfPixel: Bool = false, scale: Double?
  ) {
    self.mode = mode
    self.extent = extent
    self.output = output
    self.alignsCorners = alignsCorners
    self.omitsHalfPixel = alignsCorners || omitsHalfPixel
    if alignsCorners {
      step = output > 1 ? Double(extent - 1) / Double(output - 1) : 0
    } else {
      step = scale.map { 1 / $0 } ?? Double(extent) / Double(output)
    }
  }

  /// Whether linear modes copy: so they do between equal extents, whatever the scale.
  var isCopy: Bool { mode.interpolates && mode != .bicubic && output == extent }

  // MARK: Rows

  /// The cells of each new cell, and their weights.
  func rows(_ format: NumberFormat) -> SparseRows {
    SparseRows(columns: extent, rows: (0..<output).map { row($0, format) })
  }

  private func row(_ index: Int, _ format: NumberFormat) -> [SparseRows.Entry] {
    switch mode {
    case .nearest, .nearestExact:
      return [.init(cell: selectedCell(index, format), weight: 1)]
    case .area:
      let first = index * extent / output
      let end = ((index + 1) * extent + output - 1) / output
      return (first..<end).map { .init(cell: $0, weight: 1 / Double(end - first)) }
    case .bicubic:
      let (cell, t) = place(position(index))
      return zip(-1...2, Self.cubicWeights(t)).map {
        .init(cell: clamped(cell + $0), weight: $1)
      }
    case .linear, .bilinear, .trilinear:
      guard !isCopy else { return [.init(cell: index, weight: 1)] }
      // Below the first centre the image goes on as it is there.
      let (cell, t) = place(max(0, position(index)))
      return [
        .init(cell: cell, weight: 1 - t), .init(cell: clamped(cell + 1), weight: t),
      ]
    }
  }

  /// p, for the modes that lie between centres.
  func position(_ index: Int) -> Double {
    omitsHalfPixel ? step * Double(index) : step * (Double(index) + 0.5) - 0.5
  }

  /// The cell at or before a position, and how far the position lies behind it: from 0 to 1.
  private func place(_ position: Double) -> (cell: Int, t: Double) {
    let cell = min(Int(position.rounded(.down)), extent - 1)
    return (cell, min(position - Double(cell), 1))
  }

  private func clamped(_ cell: Int) -> Int { min(max(cell, 0), extent - 1) }

  /// The weights of the cells at the distances 1 + t, t, 1 − t and 2 − t, with a = −3/4.
  ///
  ///     w(x) = (a + 2)x³ − (a + 3)x² + 1 up to 1, and ax³ − 5ax² + 8ax − 4a from 1 to 2
  private static func cubicWeights(_ t: Double) -> [Double] {
    let a = -0.75
    func near(_ x: Double) -> Double { ((a + 2) * x - (a + 3)) * x * x + 1 }
    func far(_ x: Double) -> Double { ((a * x - 5 * a) * x + 8 * a) * x - 4 * a }
    return [far(1 + t), near(t), near(1 - t), far(2 - t)]
  }

  // MARK: Selection

  /// The cell that a new cell is a copy of: what the forward pass of PyTorch selects.
  ///
  /// The position is computed in the tensor's own type, at least in single precision, and rounded
  /// to single precision before the cell is taken: near a border between cells, this decides.
  private func selectedCell(_ index: Int, _ format: NumberFormat) -> Int {
    let isDouble = format == .float64
    let step = isDouble ? step : Self.single(step)
    guard mode == .nearestExact else { return cell(at: Self.single(step * Double(index))) }
    let centre = step * (Double(index) + 0.5)
    // In single precision ½ is taken off and put back, with a rounding each time.
    return cell(at: Self.single(isDouble ? centre : Self.single(centre - 0.5) + 0.5))
  }

  /// The cell that PyTorch's backward pass, and its forward pass for tensors with channels last,
  /// take: in single precision for every type, and with two shortcuts.
  private func otherCell(_ index: Int) -> Int {
    let step = Self.single(step)
    guard mode == .nearest else { return cell(at: Self.single(step * (Double(index) + 0.5))) }
    if output == extent { return index }
    if output == 2 * extent { return index / 2 }
    return cell(at: Self.single(step * Double(index)))
  }

  private func cell(at position: Double) -> Int { clamped(Int(position.rounded(.down))) }

  private static func single(_ x: Double) -> Double { NumberFormat.float32.rounded(x) }

  // MARK: Doubts

  /// A difference x[from] − x[to] that a result may contain, and at most how often.
  struct Doubt: Hashable, Sendable {
    let from: Int
    let to: Int
    let factor: Double
  }

  /// For each new cell, what a correct computation with rounded positions may add to it.
  ///
  /// `unit` is the roundoff of the positions. r, the product and the difference are rounded once
  /// each, so that p is off by at most δ = u·(2·r·(j + ½) + |p|), to first order; and by the
  /// roundoff of the distance t from the cell before it, where a reference rounds that to 16
  /// bits. The interpolating function is continuous; between two centres its slope is
  ///
  /// - linear: the difference D of the two;
  /// - cubic: −w′(1 + t)·D₋₁ − (w′(1 + t) + w′(t))·D₀ + w′(2 − t)·D₁ with the differences D of
  ///   the four, at most ¾|D₋₁| + 9/8·|D₀| + ¾|D₁|.
  ///
  /// A selected cell is in doubt where PyTorch's own passes select different ones.
  func doubts(_ format: NumberFormat, unit: Double, distance: Double) -> [[Doubt]] {
    (0..<output).map { index in
      switch mode {
      case .area: return []
      case .nearest, .nearestExact:
        let (cell, other) = (selectedCell(index, format), otherCell(index))
        return cell == other ? [] : [Doubt(from: cell, to: other, factor: 1)]
      case .linear, .bilinear, .bicubic, .trilinear:
        guard !isCopy else { return [] }
        let position = position(index)
        let travelled = step * (Double(index) + (omitsHalfPixel ? 0 : 0.5))
        let error = 1.01 * (unit * (2 * travelled + position.magnitude) + distance)
        let (reach, slope) = mode == .bicubic ? (1, 1.125) : (0, 1.0)
        let first = max(0, Int((position - error).rounded(.down)) - reach)
        let last = min(extent - 2, Int((position + error).rounded(.down)) + reach)
        guard error > 0, first <= last else { return [] }
        return (first...last).map { Doubt(from: $0, to: $0 + 1, factor: slope * error) }
      }
    }
  }

  /// How far the rounding of its own computation may move each weight, beside its last rounding.
  ///
  /// A linear weight is a difference, which is rounded once. A cubic one adds terms of up to 6 in
  /// three steps of Horner's rule. With its argument rounded, the errors are at most
  ///
  /// - w up to 1: 1.25 + 2.25 → 3.5, then + 2.25 → 5.75, + 2.25 → 8, + 1 → 9, + 1.35 for x: 10.4
  /// - w from 1 to 2: 1.5 + 3 → 4.5, then twice that + 4.5 → 13.5, + 3 → 16.5, twice that + 3 → 36,
  ///   + 0.75·2 for x: 37.5
  ///
  /// times u.
  func weightErrors(unit: Double) -> SparseRows {
    let errors = [40, 12, 12, 40].map { unit * $0 }
    return SparseRows(
      columns: extent,
      rows: (0..<output).map { index in
        guard mode == .bicubic else { return [] }
        let (cell, _) = place(position(index))
        return zip(-1...2, errors).map { .init(cell: clamped(cell + $0), weight: $1) }
      })
  }
}
