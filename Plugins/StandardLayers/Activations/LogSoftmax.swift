// Source: torch.nn.LogSoftmax (2.13).

public import Kernels
public import LayerKit
public import Tensors

/// The logarithm of the softmax function along one axis.
///
///     y = x − max x − log Σ e^(x − max x)          dx = dy − e^y·Σ dy
///
/// The sums run along the axis.
///
/// - Shapes: x of any shape → y of the same shape.
/// - Kinks: none. A NaN or +∞ makes its row NaN.
public struct LogSoftmax: Layer {
  public static let signature = Signature(kind: "LogSoftmax")

  // MARK: Hyper-parameters

  /// The axis along which e^y adds up to 1; negative numbers count from the end.
  ///
  /// Required. What PyTorch does without it depends on the rank and is deprecated there.
  public let dimension: Int

  public init(_ hyperparameters: inout HyperparameterReader) {
    dimension = hyperparameters.dimension("dim")
  }

  // MARK: Shapes

  public func outputShapes(_ operands: OperandShapes) throws -> [Shape] {
    _ = try operands.inputs[0].axis(dimension, named: "dim")
    return operands.inputs
  }

  // MARK: Definition

  public func define<S: Scalar>(_ operands: Operands<S>) -> Results<S> {
    let x = operands.inputs[0]
    return Results(
      AxisRows(x.shape, dimension: dimension).map(x, placeholder: .zero) { x, _, y in
        SoftmaxRow.logarithms(x, &y)
      })
  }

  // MARK: Backward

  public func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> {
    guard wanted.inputs.contains(0) else { return Gradients(inputs: [nil]) }
    let x = operands.inputs[0]
    let rows = AxisRows(x.shape, dimension: dimension)
    return Gradients(
      input: rows.map(x, upstream[0], placeholder: .zero) { x, dy, dx in
        SoftmaxRow.probabilities(x, &dx)
        var sum = S.zero
        for g in dy { sum += g }
        for i in dx.indices { dx[i] = dy[i] - dx[i] * sum }
      })
  }

  // MARK: Bound

  /// The bounds of y and of dx, with E the error of y as `SoftmaxRowError` states it.
  ///
  /// - y: E.
  /// - dx: 1.01[p·Σ|dy|·(e^E − 1 + γ(C) + 5u) + u|dy|] + η(1 + Σ|dy|).
  ///
  /// p = e^y inherits E as a relative error, and the exponential adds 3u; the sum of C terms,
  /// the product and the difference round on top.
  public func bound(_ question: BoundQuestion) -> ErrorBound {
    let x = question.operands.inputs[0]
    let rows = AxisRows(x.shape, dimension: dimension)
    let rounding = question.rounding
    guard case .inputGradient = question.tensor else {
      return .elementwise(
        rows.map(x, placeholder: 0) { x, _, bound in
          let row = SoftmaxRowError(x, rounding)
          var y = x
          SoftmaxRow.logarithms(x, &y)
          for i in x.indices { bound[i] = row.logarithmic(i, y[i]) }
        })
    }
    return .elementwise(
      rows.map(x, question.upstream[0], placeholder: 0) { x, dy, bound in
        let row = SoftmaxRowError(x, rounding)
        Self.gradientBound(row, x, dy, &bound)
      })
  }

  private static func gradientBound(
    _ row: SoftmaxRowError, _ x: [Double], _ dy: [Double], _ bound: inout [Double]
  ) {
    var y = x
    SoftmaxRow.logarithms(x, &y)
    let u = row.rounding.unit
    let sum = dy.reduce(0) { $0 + $1.magnitude }
    let added = row.rounding.gamma(dy.count) + 5 * u
    for i in dy.indices {
      let relative = row.relativeOfExponential(i, y[i]) + added
      let inherited = row.p[i] == 0 ? 0 : row.p[i] * sum * relative
      bound[i] =
        1.01 * (inherited + u * dy[i].magnitude) + row.rounding.underflow * (1 + sum)
    }
  }

  // MARK: Examples

  public static var examples: [LayerExample] { LayerExample.rowsAlongAnAxis }
}
