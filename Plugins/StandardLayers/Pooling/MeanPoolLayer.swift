// Goals, in order: 1 agree with the definition; 2 be obvious; 3 be fast enough.

public import Kernels
public import LayerKit
public import Tensors

/// A pool that takes the mean of each window.
///
///     y[n,c,w] = 1/k · Σ x[n,c,·] over the cells of window w
///
/// Padding counts as 0. k is the number of cells of the window, or a number of the caller's.
/// - Kinks: none. Linear in x.
public protocol MeanPoolLayer: PoolLayer {
  /// What the sum over a window is divided by.
  var divisor: PoolDivisor { get }
}

extension MeanPoolLayer {
  // MARK: Definition

  public func define<S: Scalar>(_ operands: Operands<S>) -> Results<S> {
    let grid = grid(of: operands)
    return Results(
      grid.mapWindows(operands.inputs[0]) { cells, window in
        let sum = cells.reduce(S.zero) { $0 + $1 }
        return switch divisor {
        case .padded: sum / S(Double(grid.paddedCells(window)))
        case .valid: sum / S(Double(cells.count))
        case .fixed(let number): sum / S(Double(number))
        }
      })
  }

  // MARK: Forward

  public func forward<S: KernelScalar>(_ operands: Operands<S>) -> Results<S> {
    let x = operands.inputs[0].elements
    return Results(
      grid(of: operands).forward { Pooling.averageForward(x, $0, divisor: divisor) })
  }

  // MARK: Backward

  /// dx[cell] = Σ dy[window] / k[window] over the windows that contain the cell.
  public func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> {
    guard wanted.inputs.contains(0) else { return Gradients(inputs: [nil]) }
    let dy = upstream[0].elements
    return Gradients(
      input: grid(of: operands).backward {
        Pooling.averageBackward(dy, $0, divisor: divisor)
      })
  }

  // MARK: Bound

  public func bound(_ question: BoundQuestion) -> ErrorBound {
    let grid = grid(of: question.operands)
    // A negative divisor would make the sums of magnitudes negative.
    let magnitude = magnitude(question).magnitudes
    if case .inputGradient = question.tensor {
      return gradientBound(question, terms: grid.overlap + 1, magnitude: magnitude)
    }
    return .sum(terms: grid.longestWindow, magnitude: magnitude, products: false)
  }
}

extension PoolGrid {
  /// The cells of a window up to the end of the padding; one that hangs over is cut there.
  fileprivate func paddedCells(_ window: [Int]) -> Int {
    zip(axes, window).reduce(1) { cells, axis in
      switch axis.0 {
      case .sliding(let sliding):
        let first = sliding.cell(window: axis.1, tap: 0)
        return cells * (min(first + sliding.kernel, sliding.extent + sliding.paddingEnd) - first)
      case .adaptive(let adaptive):
        return cells * adaptive.cells(window: axis.1).count
      }
    }
  }
}
