// Source: torch.nn.Softmax (2.13).

public import Kernels
public import LayerKit
public import Tensors

/// The softmax function along one axis.
///
///     p = e^(x − max x) / Σ e^(x − max x)          dx = p·(dy − ⟨p, dy⟩)
///
/// The sum and the product ⟨p, dy⟩ run along the axis: the layer is not elementwise, and its
/// Jacobian diag(p) − ppᵀ is no diagonal.
///
/// - Shapes: x of any shape → p of the same shape.
/// - Kinks: none. A NaN or +∞ makes its row NaN.
public struct Softmax: Layer {
  public static let signature = Signature(kind: "Softmax")

  // MARK: Hyper-parameters

  /// The axis along which the results add up to 1; negative numbers count from the end.
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
      AxisRows(x.shape, dimension: dimension).map(x, placeholder: .zero) { x, _, p in
        SoftmaxRow.probabilities(x, &p)
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
        var product = S.zero
        for i in dx.indices { product += dx[i] * dy[i] }
        for i in dx.indices { dx[i] = dx[i] * (dy[i] - product) }
      })
  }

  // MARK: Bound

  /// The bounds of p and of dx, with λ the relative error of p as `SoftmaxRowError` states it.
  ///
  /// - p: p·λ + η.
  /// - dx: p·λ′·|dy − ⟨p,dy⟩| + p·(u|dy| + (γ(C+1) + u)⟨p,|dy|⟩ + ⟨pλ,|dy|⟩)
  ///   + η(|dy| + ⟨p,|dy|⟩ + 1), λ′ = λ + 2u.
  public func bound(_ question: BoundQuestion) -> ErrorBound {
    let x = question.operands.inputs[0]
    let rows = AxisRows(x.shape, dimension: dimension)
    let rounding = question.rounding
    guard case .inputGradient = question.tensor else {
      return .elementwise(
        rows.map(x, placeholder: 0) { x, _, bound in
          let row = SoftmaxRowError(x, rounding)
          for i in x.indices { bound[i] = row.absolute(i) + rounding.underflow }
        })
    }
    return .elementwise(
      rows.map(x, question.upstream[0], placeholder: 0) { x, dy, bound in
        let row = SoftmaxRowError(x, rounding)
        Self.gradientBound(row, dy, &bound)
      })
  }

  private static func gradientBound(
    _ row: SoftmaxRowError, _ dy: [Double], _ bound: inout [Double]
  ) {
    let u = row.rounding.unit
    var (product, magnitude, inherited) = (0.0, 0.0, 0.0)
    for i in dy.indices {
      product += row.p[i] * dy[i]
      magnitude += row.p[i] * dy[i].magnitude
      inherited += row.absolute(i) * dy[i].magnitude
    }
    let common = (row.rounding.gamma(dy.count + 1) + u) * magnitude + inherited
    for i in dy.indices {
      let g = dy[i].magnitude
      let ownError = row.absolute(i) + 2 * u * row.p[i]
      bound[i] =
        1.01 * (ownError * (dy[i] - product).magnitude + row.p[i] * (u * g + common))
        + row.rounding.underflow * (g + magnitude + 1)
    }
  }

  // MARK: Examples

  public static var examples: [LayerExample] { LayerExample.rowsAlongAnAxis }
}
