internal import Tensors

extension Pooling {
  /// Y[w] = Σ of the window's cells, divided as `divisor` says.
  ///
  /// A window without any counted cell gives NaN, as 0/0 does.
  ///
  /// - Parameters:
  ///   - x: The activations.
  ///   - geometry: The shapes; the count must match.
  ///   - divisor: What a sum is divided by.
  /// - Returns: One number for each window.
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
  ///   - dy: The gradient at the output.
  ///   - geometry: The shapes; the count must match.
  ///   - divisor: What a sum was divided by.
  /// - Returns: The gradient at the input.
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
  ///   - x: The activations.
  ///   - geometry: The shapes; the count must match.
  /// - Returns: One number for each window.
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public static func sumForward<S: KernelScalar>(_ x: [S], _ geometry: PoolGeometry) -> [S] {
    gather(x, geometry) { plane, window in
      var sum: S = 0
      window.forEachCell { sum += plane[$0] }
      return sum
    }
  }

  /// dX[cell] = Σ g[w] over the windows w that contain the cell.
  ///
  /// - Parameters:
  ///   - dy: The gradient at the output.
  ///   - geometry: The shapes; the count must match.
  /// - Returns: The gradient at the input.
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public static func sumBackward<S: KernelScalar>(_ dy: [S], _ geometry: PoolGeometry) -> [S] {
    scatter(dy, geometry) { _, window, gradient, target in
      window.forEachCell { target[$0] += gradient }
    }
  }

  /// Divides each window's number by its divisor.
  @inline(__always)
  private static func divide<S: KernelScalar>(
    _ values: inout [S], _ geometry: PoolGeometry, _ divisor: PoolDivisor
  ) {
    let counts = geometry.axes.map { $0.counts(divisor) }
    let area = geometry.outputArea
    values.withUnsafeMutableBufferPointer { values in
      nonisolated(unsafe) let base = values.baseAddress
      Parallel.forEach(geometry.planes, grain: Parallel.grain(touching: area)) { plane in
        guard var place = base.map({ $0 + plane * area }) else { return }
        for slabs in counts[0] {
          for rows in counts[1] {
            for columns in counts[2] {
              if case .fixed(let number) = divisor {
                place.pointee /= S(number)
              } else {
                place.pointee /= S(slabs * rows * columns)
              }
              place += 1
            }
          }
        }
      }
    }
  }
}
