// Goals, in order: 1 agree with the definition; 2 be obvious; 3 be fast enough.
// Source: the hyper-parameters of torch.nn.AvgPool1d, AvgPool2d, AvgPool3d (2.13) without their
// divisors. `padding` may also have the begin of each axis and then the end of each.

public import Kernels
public import LayerKit
public import Tensors

/// The sum of each window, where the windows slide.
///
///     y[n,c,i,…] = Σ_{p,…} x[n, c, i·s + p − begin, …]
///
/// Padding counts as 0.
/// - Kinks: none. Linear in x.
public protocol SumPoolLayer: SlidingPoolLayer {}

extension SumPoolLayer {
  /// Reads the hyper-parameters of the kind.
  static func readWindow(_ hyperparameters: inout HyperparameterReader) -> PoolWindow {
    PoolWindow(&hyperparameters, axes: axes, options: [.padding])
  }

  // MARK: Definition

  public func define<S: Scalar>(_ operands: Operands<S>) -> Results<S> {
    Results(
      grid(of: operands).mapWindows(operands.inputs[0]) { cells, _ in
        cells.reduce(S.zero) { $0 + $1 }
      })
  }

  // MARK: Forward

  public func forward<S: KernelScalar>(_ operands: Operands<S>) -> Results<S> {
    let x = operands.inputs[0].elements
    return Results(grid(of: operands).forward { Pooling.sumForward(x, $0) })
  }

  // MARK: Backward

  /// dx[cell] = Σ dy[window] over the windows that contain the cell.
  public func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> {
    guard wanted.inputs.contains(0) else { return Gradients(inputs: [nil]) }
    let dy = upstream[0].elements
    return Gradients(input: grid(of: operands).backward { Pooling.sumBackward(dy, $0) })
  }

  // MARK: Bound

  public func bound(_ question: BoundQuestion) -> ErrorBound {
    let grid = grid(of: question.operands)
    if case .inputGradient = question.tensor {
      guard grid.overlap > 1 else { return .exact }
      return gradientBound(question, terms: grid.overlap, magnitude: magnitude(question))
    }
    guard grid.longestWindow > 1 else { return .exact }
    return .sum(terms: grid.longestWindow, magnitude: magnitude(question), products: false)
  }

  // MARK: Examples

  public static var examples: [LayerExample] {
    [
      LayerExample("windows side by side", ["kernel_size": 2], inputs: [image(2, 2, 2, 4, 6)]),
      LayerExample(
        "overlapping, rectangular, with remainders",
        [
          "kernel_size": numbers(2, 3, 2), "stride": numbers(1, 2, 1),
          "padding": numbers(1, 1, 0),
        ], inputs: [image(2, 3, 3, 6, 4)]),
      LayerExample(
        "a window that hangs over",
        [
          "kernel_size": 3, "stride": numbers(2, 2, 3),
          "padding": ends(begin: (1, 0, 1), end: (0, 1, 0)), "ceil_mode": true,
        ], inputs: [image(1, 2, 4, 6, 7)]),
      LayerExample(
        "the same extent", ["kernel_size": numbers(1, 3, 2), "stride": 1, "padding": "same"],
        inputs: [image(1, 2, 2, 5, 4)]),
      LayerExample("no sample", ["kernel_size": 2], inputs: [image(0, 2, 4, 4, 4)]),
      LayerExample(
        "a divisor", ["kernel_size": 2, "divisor_override": 3], inputs: [image(1, 1, 4, 4, 4)],
        refused: .unknownHyperparameter("divisor_override", closest: nil)),
    ] + refusedWindows() + refusedPaddings
  }
}
