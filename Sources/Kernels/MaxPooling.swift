internal import Tensors

/// Pooling of flat arrays in the order N C H W.
///
/// Every plane is computed by one task, window by window in row-major order.
public enum Pooling {
  /// Y[y,x] = the largest cell of the window; padding is never chosen.
  ///
  /// NaN wins. A window without any cell gives −∞.
  ///
  /// - Parameters:
  ///   - x: N·C·H·W activations.
  ///   - geometry: The shapes; the count must match.
  /// - Returns: N·C·Ho·Wo activations.
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public static func maxForward<S: KernelScalar>(_ x: [S], _ geometry: PoolGeometry) -> [S] {
    precondition(x.count == geometry.inputCount)
    return gather(x, geometry) { plane, rows, columns in
      largest(plane, geometry, rows, columns).map { plane[$0] } ?? -.infinity
    }
  }

  /// dX[cell] = Σ g[w] over the windows w whose first largest cell, in row-major order, it is.
  ///
  /// The first NaN of a window takes its gradient. The choice is made again from `x`.
  ///
  /// - Parameters:
  ///   - x: N·C·H·W activations, the input of the pooling.
  ///   - dy: N·C·Ho·Wo, the gradient at the output.
  ///   - geometry: The shapes; the counts must match.
  /// - Returns: N·C·H·W, the gradient at the input.
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public static func maxBackward<S: KernelScalar>(
    _ x: [S], _ dy: [S], _ geometry: PoolGeometry
  ) -> [S] {
    precondition(x.count == geometry.inputCount)
    return x.withUnsafeBufferPointer { x in
      nonisolated(unsafe) let x = x
      return scatter(dy, geometry) { index, rows, columns, gradient, target in
        guard let base = x.baseAddress else { return }
        let plane = base + index * geometry.inputArea
        if let cell = largest(plane, geometry, rows, columns) { target[cell] += gradient }
      }
    }
  }

  /// The first largest cell of a window, by row-major order; the first NaN if there is one.
  @inline(__always)
  private static func largest<S: KernelScalar>(
    _ plane: UnsafePointer<S>, _ geometry: PoolGeometry, _ rows: Cells, _ columns: Cells
  ) -> Int? {
    guard rows.count > 0, columns.count > 0 else { return nil }
    let width = geometry.width.extent
    var best = rows.first * width + columns.first
    var value = plane[best]
    for p in 0..<rows.count {
      let line = (rows.first + p * rows.step) * width
      for q in 0..<columns.count {
        let cell = line + columns.first + q * columns.step
        let candidate = plane[cell]
        // The negation is true for NaN as well; once NaN is held nothing replaces it.
        if !(candidate <= value), value == value {
          best = cell
          value = candidate
        }
      }
    }
    return best
  }

  /// The cells of one window on one axis that lie inside the input.
  struct Cells {
    let first: Int
    let count: Int
    let step: Int

    init(_ axis: WindowAxis, window: Int) {
      let taps = axis.taps(window: window)
      first = axis.cell(window: window, tap: taps.lowerBound)
      count = taps.count
      step = axis.dilation
    }
  }

  /// One value for each window.
  @inline(__always)
  static func gather<S: KernelScalar>(
    _ x: [S], _ geometry: PoolGeometry, _ value: (UnsafePointer<S>, Cells, Cells) -> S
  ) -> [S] {
    let rows = (0..<geometry.height.output).map { Cells(geometry.height, window: $0) }
    let columns = (0..<geometry.width.output).map { Cells(geometry.width, window: $0) }
    return withoutActuallyEscaping(value) { value in
      Array(uninitializedCount: geometry.outputCount) { y in
        x.withUnsafeBufferPointer { x in
          nonisolated(unsafe) let (x, y, value) = (x, y, value)
          Parallel.forEach(geometry.planes) { index in
            guard let x = x.baseAddress, let y = y.baseAddress else { return }
            let plane = x + index * geometry.inputArea
            var place = y + index * geometry.outputArea
            for row in rows {
              for column in columns {
                place.initialize(to: value(plane, row, column))
                place += 1
              }
            }
          }
        }
      }
    }
  }

  /// Starts from zeros and lets each window add to its plane.
  @inline(__always)
  static func scatter<S: KernelScalar>(
    _ dy: [S], _ geometry: PoolGeometry,
    _ add: (_ plane: Int, Cells, Cells, _ gradient: S, UnsafeMutablePointer<S>) -> Void
  ) -> [S] {
    precondition(dy.count == geometry.outputCount)
    let rows = (0..<geometry.height.output).map { Cells(geometry.height, window: $0) }
    let columns = (0..<geometry.width.output).map { Cells(geometry.width, window: $0) }
    return withoutActuallyEscaping(add) { add in
      Array(uninitializedCount: geometry.inputCount) { dx in
        dy.withUnsafeBufferPointer { dy in
          nonisolated(unsafe) let (dy, dx, add) = (dy, dx, add)
          Parallel.forEach(geometry.planes) { index in
            guard let dy = dy.baseAddress, let dx = dx.baseAddress else { return }
            let plane = dx + index * geometry.inputArea
            plane.initialize(repeating: 0, count: geometry.inputArea)
            var gradient = dy + index * geometry.outputArea
            for row in rows {
              for column in columns {
                add(index, row, column, gradient.pointee, plane)
                gradient += 1
              }
            }
          }
        }
      }
    }
  }
}
