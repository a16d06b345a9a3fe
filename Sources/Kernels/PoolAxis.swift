/// One axis of a pooling: an extent, and windows on it that slide or that cover it.
public enum PoolAxis: Hashable, Sendable {
  /// Windows of one size at equal distances.
  case sliding(WindowAxis)
  /// A given number of windows that cover the extent.
  case adaptive(AdaptiveAxis)

  /// H, the extent of the input.
  public var extent: Int {
    switch self {
    case .sliding(let axis): axis.extent
    case .adaptive(let axis): axis.extent
    }
  }

  /// Ho, the number of windows.
  public var output: Int {
    switch self {
    case .sliding(let axis): axis.output
    case .adaptive(let axis): axis.output
    }
  }

  /// One cell, which is the only window: what an image without this axis has.
  static let single = PoolAxis.adaptive(AdaptiveAxis(extent: 1, output: 1))

  /// The cells of all windows, in order.
  var cells: [WindowCells] { (0..<output).map { WindowCells(self, window: $0) } }

  /// How many cells of each window count for a divisor.
  func counts(_ divisor: PoolDivisor) -> [Int] {
    if case .sliding(let axis) = self, divisor == .padded {
      return (0..<output).map { axis.paddedCells(window: $0) }
    }
    return cells.map(\.count)
  }
}

/// The cells of one window on one axis that lie inside the input.
struct WindowCells {
  let first: Int
  let count: Int
  /// The distance between two of them.
  let step: Int

  init(_ axis: PoolAxis, window: Int) {
    switch axis {
    case .sliding(let axis):
      let taps = axis.taps(window: window)
      first = axis.cell(window: window, tap: taps.lowerBound)
      count = taps.count
      step = axis.dilation
    case .adaptive(let axis):
      let cells = axis.cells(window: window)
      first = cells.lowerBound
      count = cells.count
      step = 1
    }
  }
}

extension WindowAxis {
  /// The cells of a window that count for `PoolDivisor.padded`.
  fileprivate func paddedCells(window: Int) -> Int {
    let start = cell(window: window, tap: 0)
    let reach = extent + paddingEnd - start
    return min(kernel, (reach + dilation - 1) / dilation)
  }
}
