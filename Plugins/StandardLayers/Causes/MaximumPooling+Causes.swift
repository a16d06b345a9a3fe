// Known mistakes of pools that take the largest cell: ties, padding, and where the maximum was.

import Kernels
public import LayerKit
import Tensors

extension PoolGrid {
  /// Calls `body` with the offset in the output of each window, the offsets of its cells inside the
  /// image in row-major order, and its place on each axis.
  func forEachWindow(_ body: (_ window: Int, _ cells: [Int], _ place: [Int]) -> Void) {
    let offsets = Tensor(image, (0..<image.count).map(Double.init))
    var window = 0
    _ = mapWindows(offsets) { cells, place -> Double in
      body(window, cells.map { Int($0) }, place)
      window += 1
      return 0
    }
  }

  /// A gradient whose windows assign their number to some of their cells, the last one stays.
  func overwritten(
    _ dy: Tensor<Double>, _ chosen: (_ cells: [Int], _ window: Int) -> [Int]
  ) -> Tensor<Double> {
    var dx = Tensor(image, repeating: 0.0)
    forEachWindow { window, cells, _ in
      for cell in chosen(cells, window) { dx[cell] = dy[window] }
    }
    return dx
  }
}

extension MaxPoolLayer {
  public var causes: [Cause] {
    maximumCauses + [
      .ceilMode {
        $0.replay(AnyLayer(OtherMaximumPool(base: self, window: window.withOtherCeilMode)))
      }
    ]
  }
}

/// The largest cells of other windows.
private struct OtherMaximumPool<Base: PoolLayer>: MaximumPoolLayer {
  static var kind: String { Base.kind }
  static var axes: Int { Base.axes }
  static var examples: [LayerExample] { Base.examples }

  private let base: Base
  private let window: PoolWindow?

  init(base: Base, window: PoolWindow?) {
    self.base = base
    self.window = window
  }

  init(_ hyperparameters: inout HyperparameterReader) {
    self.init(base: Base(&hyperparameters), window: nil)
  }

  func grid(over image: Shape) throws -> PoolGrid {
    try window?.grid(over: image) ?? base.grid(over: image)
  }
}

extension MaximumPoolLayer {
  /// The causes of all pools that take the largest cell.
  var maximumCauses: [Cause] {
    [
      tieRule, zeroPadding, indexTransposed,
      .overlapOverwritten { x, dy in
        established { try self.grid(over: x.shape) }.overwritten(dy) { cells, _ in
          Array(largest(x, cells).prefix(1))
        }
      },
    ]
  }

  public var causes: [Cause] { maximumCauses }

  /// The largest of some cells, all of them, in order.
  private func largest(_ x: Tensor<Double>, _ cells: [Int]) -> [Int] {
    guard let maximum = cells.map({ x[$0] }).max() else { return [] }
    return cells.filter { x[$0] == maximum }
  }

  /// The gradient where each window gives its number to some cells, each with a share of it.
  private func scattered(
    _ evidence: Evidence, detail: String? = nil, roundings: Int = 0,
    _ shares:
      @escaping @Sendable (
        _ x: Tensor<Double>, _ grid: PoolGrid, _ cells: [Int], _ place: [Int]
      ) -> [(cell: Int, share: Double)]
  ) -> [Prediction] {
    guard evidence.inputGradientUpstream != nil else { return [] }
    let rounding = evidence.rounding
    let prediction = evidence.bySample(detail: detail) { x, dy in
      let grid = established { try self.grid(over: x.shape) }
      var dx = Tensor(grid.image, repeating: 0.0)
      var magnitudes = dx
      grid.forEachWindow { window, cells, place in
        for (cell, share) in shares(x, grid, cells, place) {
          dx[cell] += share * dy[window]
          magnitudes[cell] += (share * dy[window]).magnitude
        }
      }
      // A cell lies in at most so many windows, whose numbers are added.
      let gamma = rounding.gamma(grid.overlap + roundings)
      let isExact = grid.overlap <= 1 && roundings == 0
      let limits = magnitudes.map {
        isExact || $0 == 0 ? 0 : gamma * $0 + rounding.subnormalStep
      }
      return (dx, limits)
    }
    return [prediction].compactMap { $0 }
  }

  /// The gradient of a tie to its last cell, in equal shares, or whole to every cell.
  private var tieRule: Cause {
    Cause(
      "max-pool-tie-rule",
      advice: "of several equal largest cells of a window another one got the gradient:"
        + " use the same rule, or keep exact ties out of the data",
      remedies: [
        .torch: "the first in row-major order gets it"
      ], shownBy: "exact ties, as of whole numbers",
      specificity: .specific, isConvention: true
    ) { evidence in
      scattered(evidence, detail: "to the last of equal cells") { x, _, cells, _ in
        largest(x, cells).suffix(1).map { ($0, 1) }
      }
        + scattered(evidence, detail: "in equal shares", roundings: 2) { x, _, cells, _ in
          let ties = largest(x, cells)
          return ties.map { ($0, 1 / Double(ties.count)) }
        }
        + scattered(evidence, detail: "whole to each of equal cells") { x, _, cells, _ in
          largest(x, cells).map { ($0, 1) }
        }
    }
  }

  /// Padding that takes part as 0, and wins where all cells are below.
  private var zeroPadding: Cause {
    Cause(
      "max-pool-zero-padding",
      advice: "the padding took part in the maximum as 0: pad with minus infinity, or"
        + " leave cells outside of the image out",
      remedies: [
        .torch: "`F.pad` before the pool needs `value=float('-inf')`",
        .jax: "`lax.reduce_window` needs `-jnp.inf` as its initial value",
      ], shownBy: "padding, and negative inputs at the border"
    ) { evidence in
      @Sendable func losesToPadding(
        _ x: Tensor<Double>, _ grid: PoolGrid, _ cells: [Int], _ place: [Int]
      ) -> Bool {
        grid.touchesPadding(place) && cells.allSatisfy { x[$0] < 0 }
      }
      guard case .output = evidence.tensor else {
        return scattered(evidence) { x, grid, cells, place in
          losesToPadding(x, grid, cells, place) ? [] : largest(x, cells).prefix(1).map { ($0, 1) }
        }
      }
      let prediction = evidence.bySample { x, _ in
        let grid = established { try self.grid(over: x.shape) }
        var y = define(Operands(inputs: [x])).outputs[0]
        grid.forEachWindow { window, cells, place in
          if losesToPadding(x, grid, cells, place) { y[window] = 0 }
        }
        return (y, y.map { _ in 0 })
      }
      return [prediction].compactMap { $0 }
    }
  }

  /// The largest cell found in column-major order, or its place read with the axes exchanged.
  private var indexTransposed: Cause {
    Cause(
      "pool-index-transposed",
      advice: "the place of the maximum inside its window was decoded with row and column"
        + " exchanged: index / width is the row, index % width the column",
      shownBy: "windows of more than one row and column that overlap"
    ) { evidence in
      guard Self.axes == 2 else { return [] }
      return [false, true].flatMap { decodes in
        scattered(evidence) { x, grid, cells, place in
          largest(x, cells).prefix(1).compactMap { cell in
            grid.transposed(cell, place, decodes: decodes).map { ($0, 1) }
          }
        }
      }
    }
  }
}

extension PoolGrid {
  /// Whether a window has a tap in the padding; what hangs over beyond it is none.
  fileprivate func touchesPadding(_ place: [Int]) -> Bool {
    zip(axes, place).contains { axis, window in
      guard case .sliding(let axis) = axis else { return false }
      return (0..<axis.kernel).contains { tap in
        let cell = axis.cell(window: window, tap: tap)
        return cell < 0 || cell >= axis.extent && cell < axis.extent + axis.paddingEnd
      }
    }
  }

  /// The cell of a window of two axes whose taps are those of `cell`, exchanged; nil outside of the
  /// image.
  ///
  /// With `decodes` the taps (p, q) are counted as p·K_w + q and then read in columns of K_h.
  fileprivate func transposed(_ cell: Int, _ place: [Int], decodes: Bool) -> Int? {
    guard case .sliding(let rows) = axes[0], case .sliding(let columns) = axes[1] else {
      return nil
    }
    let plane = rows.extent * columns.extent
    let (h, w) = (cell % plane / columns.extent, cell % columns.extent)
    let p = (h - rows.cell(window: place[0], tap: 0)) / rows.dilation
    let q = (w - columns.cell(window: place[1], tap: 0)) / columns.dilation
    let index = p * columns.kernel + q
    let taps = decodes ? (index % rows.kernel, index / rows.kernel) : (q, p)
    let (row, column) = (
      rows.cell(window: place[0], tap: taps.0), columns.cell(window: place[1], tap: taps.1)
    )
    guard (0..<rows.extent).contains(row), (0..<columns.extent).contains(column) else { return nil }
    return cell / plane * plane + row * columns.extent + column
  }
}
