// Goals, in order: 1 agree with the definition; 2 be obvious; 3 be fast enough.

public import Kernels
public import LayerKit
public import Tensors

/// A pool that takes the largest cell of each window.
///
///     y[n,c,w] = max of x[n,c,·] over the cells of window w
///
/// Padding is never the largest: it counts as −∞. NaN is larger than everything. A window whose
/// cells all lie in the padding, which a dilation makes possible, is −∞ and passes no gradient on.
/// - Kinks: of several equal largest cells the first in row-major order has the derivative 1; of
///   several NaN, the last.
public protocol MaximumPoolLayer: PoolLayer {}

extension MaximumPoolLayer {
  // MARK: Definition

  public func define<S: Scalar>(_ operands: Operands<S>) -> Results<S> {
    Results(grid(of: operands).mapWindows(operands.inputs[0]) { cells, _ in largest(of: cells) })
  }

  // MARK: Forward

  public func forward<S: KernelScalar>(_ operands: Operands<S>) -> Results<S> {
    let x = operands.inputs[0].elements
    let grid = grid(of: operands)
    if let rows = MaximumRows(grid) { return Results(Tensor(grid.output, rows.forward(x))) }
    return Results(grid.forward { Pooling.maxForward(x, $0) })
  }

  // MARK: Backward

  /// dx[cell] = Σ dy[window] over the windows whose first largest cell it is.
  public func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> {
    guard wanted.inputs.contains(0) else { return Gradients(inputs: [nil]) }
    let (x, dy) = (operands.inputs[0].elements, upstream[0].elements)
    let grid = grid(of: operands)
    if let rows = MaximumRows(grid) {
      return Gradients(input: Tensor(grid.image, rows.backward(x, dy)))
    }
    return Gradients(input: grid.backward { Pooling.maxBackward(x, dy, $0) })
  }

  // MARK: Bound, kinks

  public func bound(_ question: BoundQuestion) -> ErrorBound { selectionBound(question) }

  public var kinks: [Kink] { [.firstOfTies] }
}

extension PoolLayer {
  /// The bound of a pool that selects cells.
  ///
  /// Nothing is computed with, so nothing is rounded, but where windows overlap their upstream
  /// gradients are added.
  func selectionBound(_ question: BoundQuestion) -> ErrorBound {
    let overlap = grid(of: question.operands).overlap
    guard case .inputGradient = question.tensor, overlap > 1 else { return .exact }
    // The choice is that of the values themselves; only the gradients lose their signs, and an
    // absolute value in the layer may have turned them.
    let gradients = backward(
      question.operands, upstream: question.upstream.map(\.magnitudes),
      wanted: GradientRequest(inputs: [0], parameters: []))
    let magnitude = (gradients.inputs[0] ?? question.computed).magnitudes
    return gradientBound(question, terms: overlap, magnitude: magnitude)
  }
}

/// The first largest of some cells, the last NaN before all; −∞ if there is none.
func largest<S: Scalar>(of cells: [S]) -> S {
  cells.first.map { first in cells.dropFirst().reduce(first) { S.maximum($0, $1) } }
    ?? S(-.infinity)
}
