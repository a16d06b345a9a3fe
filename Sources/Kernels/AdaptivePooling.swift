internal import Tensors

/// One axis of an adaptive pooling: as many windows as asked for, which cover the extent.
public struct AdaptiveAxis: Hashable, Sendable {
  /// H, the extent of the input.
  public let extent: Int
  /// Ho, the number of windows.
  public let output: Int

  /// Makes an axis; both numbers must be positive.
  public init(extent: Int, output: Int) {
    precondition(extent > 0 && output > 0)
    self.extent = extent
    self.output = output
  }

  /// The cells of window i: ⌊i·H/Ho⌋ ..< ⌈(i + 1)·H/Ho⌉ (the rule of `torch.nn`).
  public func cells(window i: Int) -> Range<Int> {
    i * extent / output..<((i + 1) * extent + output - 1) / output
  }
}

extension Pooling {
  /// Y[w] = the mean of the window's cells, summed in row-major order.
  ///
  /// - Parameters:
  ///   - x: planes·H·W activations.
  ///   - planes: N·C.
  ///   - height: The vertical axis.
  ///   - width: The horizontal axis.
  /// - Returns: planes·Ho·Wo activations.
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public static func adaptiveAverageForward<S: KernelScalar>(
    _ x: [S], planes: Int, height: AdaptiveAxis, width: AdaptiveAxis
  ) -> [S] {
    precondition(x.count == planes * height.extent * width.extent)
    let rows = (0..<height.output).map(height.cells)
    let columns = (0..<width.output).map(width.cells)
    let (area, count) = (height.extent * width.extent, rows.count * columns.count)
    return Array(uninitializedCount: planes * count) { y in
      x.withUnsafeBufferPointer { x in
        nonisolated(unsafe) let (from, to) = (x.baseAddress, y.baseAddress)
        Parallel.forEach(planes) { plane in
          guard let x = from, var place = to.map({ $0 + plane * count }) else { return }
          for row in rows {
            for column in columns {
              var sum: S = 0
              for h in row {
                let line = x + plane * area + h * width.extent
                for w in column { sum += line[w] }
              }
              place.initialize(to: sum / S(row.count * column.count))
              place += 1
            }
          }
        }
      }
    }
  }

  /// dX[cell] = Σ g[w]/|w| over the windows w that contain the cell.
  ///
  /// - Parameters:
  ///   - dy: planes·Ho·Wo, the gradient at the output.
  ///   - planes: N·C.
  ///   - height: The vertical axis.
  ///   - width: The horizontal axis.
  /// - Returns: planes·H·W, the gradient at the input.
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public static func adaptiveAverageBackward<S: KernelScalar>(
    _ dy: [S], planes: Int, height: AdaptiveAxis, width: AdaptiveAxis
  ) -> [S] {
    let rows = (0..<height.output).map(height.cells)
    let columns = (0..<width.output).map(width.cells)
    let (area, count) = (height.extent * width.extent, rows.count * columns.count)
    precondition(dy.count == planes * count)
    return Array(uninitializedCount: planes * area) { dx in
      dy.withUnsafeBufferPointer { dy in
        nonisolated(unsafe) let (from, to) = (dy.baseAddress, dx.baseAddress)
        Parallel.forEach(planes) { plane in
          guard var gradient = from.map({ $0 + plane * count }), let base = to else { return }
          let target = base + plane * area
          target.initialize(repeating: 0, count: area)
          for row in rows {
            for column in columns {
              let share = gradient.pointee / S(row.count * column.count)
              for h in row {
                let line = target + h * width.extent
                for w in column { line[w] += share }
              }
              gradient += 1
            }
          }
        }
      }
    }
  }
}
