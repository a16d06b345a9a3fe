// The fast path of pools that take the largest cell: all windows of one row at a time, so that the
// loop over them runs in vectors. `PoolGrid` says which windows there are.

import Kernels
import Tensors

/// The windows of a maximum pool whose columns slide, row by row.
///
/// Each row of windows takes in its cells in row-major order, one tap after the other, each tap for
/// all windows of the row that reach a cell with it:
///
///     y[j] ← x[r, j·s + q·d − begin]  where that is larger, or NaN, or the first one
///
/// So of equal cells the first one stays, and of several NaN the last one.
struct MaximumRows: Sendable {
  private let planes: Int
  private let inputArea: Int
  private let outputArea: Int
  /// The windows of a row.
  private let width: Int
  /// The distance of the cells that neighbouring windows reach with one tap.
  private let stride: Int
  /// For each row of windows, where the rows of cells that it reaches begin in a plane, in order.
  private let rows: [[Int]]
  private let taps: [Tap]

  /// One tap of a row: the windows that reach a cell with it, and the cell that window 0 would reach.
  private struct Tap {
    let windows: Range<Int>
    let cell: Int
  }

  /// The rows of a grid; nil where its columns do not slide.
  init?(_ grid: PoolGrid) {
    guard case .sliding(let columns) = grid.axes.last, grid.output.count > 0 else { return nil }
    planes = grid.image[0] * grid.image[1]
    inputArea = grid.axes.reduce(1) { $0 * $1.extent }
    outputArea = grid.axes.reduce(1) { $0 * $1.output }
    width = columns.output
    stride = columns.stride
    taps = (0..<columns.kernel).map { tap in
      let reached = (0..<columns.output).filter {
        (0..<columns.extent).contains(columns.cell(window: $0, tap: tap))
      }
      let windows = (reached.first ?? 0)..<(reached.last.map { $0 + 1 } ?? 0)
      return Tap(windows: windows, cell: columns.cell(window: 0, tap: tap))
    }
    let upper = grid.axes.dropLast()
    let places = Shape(upper.map(\.output))
    rows = (0..<places.count).map { place in
      var offsets = [0]
      for (axis, window) in zip(upper, places.index(at: place)) {
        let cells = axis.cells(of: window)
        offsets = offsets.flatMap { offset in cells.map { offset * axis.extent + $0 } }
      }
      return offsets.map { $0 * columns.extent }
    }
  }

  // MARK: Forward

  /// The largest cell of each window; −∞ where it has none.
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  func forward<S: KernelScalar>(_ x: [S]) -> [S] {
    x.withUnsafeBufferPointer { x in
      nonisolated(unsafe) let x = x
      return Array(parallelCount: planes * outputArea, tasks: planes, blockSize: 1) { tasks, y in
        guard let x = x.baseAddress, let y = y.baseAddress else { return }
        for plane in tasks {
          let (source, target) = (x + plane * inputArea, y + plane * outputArea)
          target.initialize(repeating: -.infinity, count: outputArea)
          for (row, offsets) in rows.enumerated() {
            for offset in offsets {
              for tap in taps where !tap.windows.isEmpty {
                let first = tap.windows.lowerBound
                Self.take(
                  source + (offset + tap.cell + first * stride), stride, tap.windows.count,
                  into: target + (row * width + first))
              }
            }
          }
        }
      }
    }
  }

  /// Takes in one cell of each of some neighbouring windows.
  @inline(__always)
  private static func take<S: KernelScalar>(
    _ cells: UnsafePointer<S>, _ stride: Int, _ count: Int, into values: UnsafeMutablePointer<S>
  ) {
    @inline(__always)
    func loop(_ stride: Int) {
      for j in 0..<count {
        let (cell, value) = (cells[j &* stride], values[j])
        // Nothing is larger than NaN: NaN stays unless the cell is NaN too.
        let kept = cell > value ? cell : value
        values[j] = cell == cell ? kept : cell
      }
    }
    // Known distances become vectors.
    switch stride {
    case 1: loop(1)
    case 2: loop(2)
    default: loop(stride)
    }
  }

  // MARK: Backward

  /// The gradient of the cells: each window's goes to its largest cell, chosen again from `x`.
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  func backward<S: KernelScalar>(_ x: [S], _ dy: [S]) -> [S] {
    x.withUnsafeBufferPointer { x in
      dy.withUnsafeBufferPointer { dy in
        nonisolated(unsafe) let (x, dy) = (x, dy)
        return Array(parallelCount: planes * inputArea, tasks: planes, blockSize: 1) { tasks, dx in
          guard let x = x.baseAddress, let dy = dy.baseAddress, let dx = dx.baseAddress
          else { return }
          withUnsafeTemporaryAllocation(of: S.self, capacity: 2 * width) { memory in
            guard let values = memory.baseAddress else { return }
            for plane in tasks {
              let target = dx + plane * inputArea
              target.initialize(repeating: 0, count: inputArea)
              for row in rows.indices {
                choose(row, x + plane * inputArea, values, values + width)
                scatter(
                  row, dy + (plane * outputArea + row * width), values + width, to: target)
              }
            }
          }
        }
      }
    }
  }

  /// The number of the tap that reaches the largest cell of each window of a row; −1 where none
  /// does.
  ///
  /// Taps are numbered in row-major order, in numbers that are as wide as the cells.
  @inline(__always)
  private func choose<S: KernelScalar>(
    _ row: Int, _ plane: UnsafePointer<S>, _ values: UnsafeMutablePointer<S>,
    _ chosen: UnsafeMutablePointer<S>
  ) {
    values.initialize(repeating: -.infinity, count: width)
    chosen.initialize(repeating: -1, count: width)
    for (r, offset) in rows[row].enumerated() {
      for (q, tap) in taps.enumerated() where !tap.windows.isEmpty {
        let first = tap.windows.lowerBound
        Self.take(
          plane + (offset + tap.cell + first * stride), stride, S(Double(r * taps.count + q)),
          tap.windows.count, into: values + first, chosen + first)
      }
    }
  }

  /// Takes in one cell of each of some neighbouring windows, and notes the number of its tap.
  @inline(__always)
  private static func take<S: KernelScalar>(
    _ cells: UnsafePointer<S>, _ stride: Int, _ number: S, _ count: Int,
    into values: UnsafeMutablePointer<S>, _ chosen: UnsafeMutablePointer<S>
  ) {
    @inline(__always)
    func loop(_ stride: Int) {
      for j in 0..<count {
        let (cell, value, old) = (cells[j &* stride], values[j], chosen[j])
        let larger = cell > value ? cell : value
        let numbered = cell > value ? number : old
        let ordered = cell == cell ? larger : cell
        let orderedNumber = cell == cell ? numbered : number
        // The first cell is taken even if it is −∞.
        values[j] = old < 0 ? cell : ordered
        chosen[j] = old < 0 ? number : orderedNumber
      }
    }
    switch stride {
    case 1: loop(1)
    case 2: loop(2)
    default: loop(stride)
    }
  }

  /// Adds the gradient of each window of a row to the cell that was chosen, one after the other.
  @inline(__always)
  private func scatter<S: KernelScalar>(
    _ row: Int, _ dy: UnsafePointer<S>, _ chosen: UnsafePointer<S>,
    to target: UnsafeMutablePointer<S>
  ) {
    // Where each tap of the row reaches for window 0.
    let places = rows[row].flatMap { offset in taps.map { offset + $0.cell } }
    places.withUnsafeBufferPointer { places in
      for j in 0..<width where chosen[j] >= 0 {
        target[places[Int(chosen[j].value)] + j * stride] += dy[j]
      }
    }
  }
}
