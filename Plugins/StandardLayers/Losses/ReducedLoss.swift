public import Kernels
public import LayerKit
public import Tensors

/// A loss made of values that are then added up or averaged.
///
/// A kind states its values and their gradients as formulas, once for all scalars; reduction and
/// error bounds are the same for all. The bounds follow from the formulas themselves: computed
/// with `Approximation` they carry along what rounding may do to them, whatever the order of sums.
public protocol ReducedLoss: Layer {
  /// What becomes of the values.
  var reduction: LossReduction { get }

  /// The same loss with its constants rounded as the reference rounds them.
  func rounded(to format: NumberFormat) -> Self

  /// The values before reduction.
  func values<S: Scalar>(_ operands: Operands<S>) -> Tensor<S>

  /// What a mean divides the sum of the values by; the default is their number.
  func divisor(_ values: Shape, of operands: OperandShapes) -> Int

  /// How often ∂L/∂value may have been rounded besides what `gradients` states; the default is once
  /// in a mean, whose divisor may be inverted first.
  var upstreamRoundings: Int { get }

  /// The gradients of the inputs, for ∂L/∂value of each value.
  func gradients<S: Scalar>(
    _ operands: Operands<S>, upstream: Tensor<S>, wanted: GradientRequest
  ) -> Gradients<S>

  /// The shape of the values for operands that fit.
  func valueShape(_ operands: OperandShapes) throws -> Shape
}

extension ReducedLoss {
  public func rounded(to format: NumberFormat) -> Self { self }

  public func divisor(_ values: Shape, of operands: OperandShapes) -> Int { values.count }

  public var upstreamRoundings: Int { reduction == .mean ? 1 : 0 }

  public func outputShapes(_ operands: OperandShapes) throws -> [Shape] {
    [reduction.shape(of: try valueShape(operands))]
  }

  public func define<S: Scalar>(_ operands: Operands<S>) -> Results<S> {
    let values = rounded(to: operands.format).values(operands)
    let divisor = divisor(values.shape, of: operands.shapes)
    return Results(reduction.value(values, denominator: S(Double(divisor))))
  }

  public func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> {
    reducedGradients(operands, upstream[0], wanted)
  }

  /// The gradients for ∂L/∂output: ∂L/∂value is that, divided by the divisor in a mean.
  private func reducedGradients<S: Scalar>(
    _ operands: Operands<S>, _ upstream: Tensor<S>, _ wanted: GradientRequest
  ) -> Gradients<S> {
    let shape = established { try valueShape(operands.shapes) }
    let divisor = S(Double(divisor(shape, of: operands.shapes)))
    let each = (0..<shape.count).map {
      reduction.upstream(upstream, at: $0, denominator: divisor)
    }
    return rounded(to: operands.format)
      .gradients(operands, upstream: Tensor(shape, each), wanted: wanted)
  }

  public func bound(_ question: BoundQuestion) -> ErrorBound {
    let rounding = question.rounding
    let operands = question.operands.mapTensors { $0.map { Approximation($0, rounding) } }
    guard case .inputGradient(let input) = question.tensor else {
      return .elementwise(define(operands).outputs[0].map(\.limit))
    }
    let upstream = question.upstream[0].map {
      Approximation($0, rounding, roundings: upstreamRoundings)
    }
    let gradients = reducedGradients(
      operands, upstream, GradientRequest(inputs: [input], parameters: []))
    return .elementwise(
      gradients.inputs[input]?.map(\.limit) ?? question.computed.map { _ in .infinity })
  }
}
