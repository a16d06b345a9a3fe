internal import Tensors

extension Pooling {
  /// Y[w] = Σ of the window's cells, divided as `divisor` says.
  ///
  /// A window without any counted cell gives NaN, as 0/0 does.
  ///
  /// - Parameters:
  ///   - x: N·C·H·W activations.
  ///   - geometry: The shapes; the count must match.
  ///   - divisor: What a sum is divided by.
  /// - Returns: N·C·Ho·Wo activations.
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public static func averageForward<S: KernelScalar>(
    _ x: [S], _ geometry: PoolGeometry, divisor: PoolDivisor = .padded
  ) -> [S] {
    var y = sumForward(x, geometry)
    divide(&y, geometry, divisor)
    return y
  }

  /// dX[cell] = Σ g[w]/divisor[w] over the windows w that contain the cell.
  ///
  /// - Parameters:
  ///   - dy: N·C·Ho·Wo, the gradient at the output.
  ///   - geometry: The shapes; the count must match.
  ///   - divisor: What a sum was divided by.
  /// - Returns: N·C·H·W, the gradient at the input.
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public static func averageBackward<S: KernelScalar>(
    _ dy: [S], _ geometry: PoolGeometry, divisor: PoolDivisor = .padded
  ) -> [S] {
    precondition(dy.count == geometry.outputCount)
    var shares = dy
    divide(&shares, geometry, divisor)
    return sumBackward(shares, geometry)
  }

  /// Y[w] = Σ of the window's cells, in row-major order.
  ///
  /// - Parameters:
  ///   - x: N·C·H·W activations.
  ///   - geometry: The shapes; the count must match.
  /// - Returns: N·C·Ho·Wo activations.
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public static func sumForward<S: KernelScalar>(_ x: [S], _ geometry: PoolGeometry) -> [S] {
    precondition(x.count == geometry.inputCount)
    let width = geometry.width.extent
    return gather(x, geometry) { plane, rows, columns in
      var sum: S = 0
      for p in 0..<rows.count {
        let line = plane + (rows.first + p * rows.step) * width + columns.first
        for q in 0..<columns.count { sum += line[q * columns.step] }
      }
      return sum
    }
  }

  /// dX[cell] = Σ g[w] over the windows w that contain the cell.
  ///
  /// - Parameters:
  ///   - dy: N·C·Ho·Wo, the gradient at the output.
  ///   - geometry: The shapes; the count must match.
  /// - Returns: N·C·H·W, the gradient at the input.
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public static func sumBackward<S: KernelScalar>(_ dy: [S], _ geometry: PoolGeometry) -> [S] {
    let width = geometry.width.extent
    return scatter(dy, geometry) { _, rows, columns, gradient, target in
      for p in 0..<rows.count {
        let line = target + (rows.first + p * rows.step) * width + columns.first
        for q in 0..<columns.count { line[q * columns.step] += gradient }
      }
    }
  }

  /// Divides each window's number by its divisor.
  @inline(__always)
  private static func divide<S: KernelScalar>(
    _ values: inout [S], _ geometry: PoolGeometry, _ divisor: PoolDivisor
  ) {
    let rows = (0..<geometry.height.output).map { cells(geometry.height, $0, divisor) }
    let columns = (0..<geometry.width.output).map { cells(geometry.width, $0, divisor) }
    let area = geometry.outputArea
    values.withUnsafeMutableBufferPointer { values in
      nonisolated(unsafe) let base = values.baseAddress
      Parallel.forEach(geometry.planes) { plane in
        guard var place = base.map({ $0 + plane * area }) else { return }
        for row in rows {
          for column in columns {
            if case .fixed(let number) = divisor {
              place.pointee /= S(number)
            } else {
              place.pointee /= S(row * column)
            }
            place += 1
          }
        }
      }
    }
  }

  private static func cells(_ axis: WindowAxis, _ window: Int, _ divisor: PoolDivisor) -> Int {
    divisor == .padded ? axis.paddedCells(window: window) : axis.taps(window: window).count
  }
}
