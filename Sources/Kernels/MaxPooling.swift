internal import Tensors

/// Pooling of flat arrays in the order N C, then one to three spatial axes.
///
/// Every plane is computed by one task, window by window in row-major order.
public enum Pooling {
  /// Y[w] = the largest cell of the window; padding is never chosen.
  ///
  /// NaN wins. A window without any cell gives −∞.
  ///
  /// - Parameters:
  ///   - x: The activations.
  ///   - geometry: The shapes; the count must match.
  /// - Returns: One number for each window.
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public static func maxForward<S: KernelScalar>(_ x: [S], _ geometry: PoolGeometry) -> [S] {
    gather(x, geometry) { plane, window in
      largest(plane, window).map { plane[$0] } ?? -.infinity
    }
  }

  /// dX[cell] = Σ g[w] over the windows w whose first largest cell, in row-major order, it is.
  ///
  /// The last NaN of a window takes its gradient, as in `torch.nn`. The choice is made again from
  /// `x`.
  ///
  /// - Parameters:
  ///   - x: The activations, the input of the pooling.
  ///   - dy: The gradient at the output.
  ///   - geometry: The shapes; the counts must match.
  /// - Returns: The gradient at the input.
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public static func maxBackward<S: KernelScalar>(
    _ x: [S], _ dy: [S], _ geometry: PoolGeometry
  ) -> [S] {
    precondition(x.count == geometry.inputCount)
    return x.withUnsafeBufferPointer { x in
      nonisolated(unsafe) let x = x
      return scatter(dy, geometry) { index, window, gradient, target in
        guard let base = x.baseAddress else { return }
        let plane = base + index * geometry.inputArea
        if let cell = largest(plane, window) { target[cell] += gradient }
      }
    }
  }

  /// The first largest cell of a window, by row-major order; the last NaN if there is one.
  @inline(__always)
  private static func largest<S: KernelScalar>(
    _ plane: UnsafePointer<S>, _ window: CellWindow
  ) -> Int? {
    guard !window.isEmpty else { return nil }
    var best = window.rows[0] + window.columns.first
    var value = plane[best]
    window.forEachCell { cell in
      let candidate = plane[cell]
      // Nothing is larger than NaN, and nothing but NaN differs from itself.
      if candidate > value || candidate != candidate {
        best = cell
        value = candidate
      }
    }
    return best
  }
}
