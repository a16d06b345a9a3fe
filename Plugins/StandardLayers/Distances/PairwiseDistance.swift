// Goals, in order: 1 agree with the definition; 2 be obvious; 3 be fast enough.
// Source: torch.nn.PairwiseDistance (2.13).

public import Kernels
public import LayerKit
public import Tensors

/// The distance of two vectors.
///
///     y = (Σ_i |e[i]|^p)^(1/p),   e[i] = a[i] − b[i] + ε
///
/// along the last axis; the largest |e[i]| for p = ∞, the smallest for p = −∞, and the number of
/// e[i] that are not 0 for p = 0.
/// - Shapes: a and b of any shapes that stretch to a common one, [..., D] → [...], or [..., 1] with
///   `keepdim`
/// - Kinks: the derivative of |e| at 0 is taken to be 0, as is that of y at 0; several equal largest
///   |e[i]| share the gradient.
public struct PairwiseDistance: Layer {
  public static let signature = Signature(
    kind: "PairwiseDistance", inputs: [.init("x1"), .init("x2")])

  // MARK: Hyper-parameters

  /// p; default 2.
  private let norm: VectorNorm
  /// ε, added to each difference; default 1e-6.
  private let epsilon: Double
  /// Whether the last axis stays, with the extent 1; default false.
  private let keepsAxis: Bool

  public init(_ hyperparameters: inout HyperparameterReader) {
    norm = VectorNorm(power: hyperparameters.real("p", default: 2, in: -.infinity ... .infinity))
    epsilon = hyperparameters.real("eps", default: 1e-6)
    keepsAxis = hyperparameters.boolean("keepdim", default: false)
  }

  // MARK: Shapes

  public func outputShapes(_ operands: OperandShapes) throws -> [Shape] {
    let shape = try operands.broadcastInputs()
    guard shape.rank > 0, shape[shape.rank - 1] > 0 else {
      throw LayerProblem.wrongShape(
        tensor: "input.0", expected: "(..., D)", found: operands.inputs[0])
    }
    return [VectorPairs(shape, axis: shape.rank - 1).output(keepsAxis: keepsAxis)]
  }

  private func pairs<S>(_ operands: Operands<S>) -> VectorPairs {
    let shape = established { try operands.shapes.broadcastInputs() }
    return VectorPairs(shape, axis: shape.rank - 1)
  }

  // MARK: Definition

  public func define<S: Scalar>(_ operands: Operands<S>) -> Results<S> {
    let pairs = pairs(operands)
    let differences = differences(operands, pairs)
    let shape = pairs.output(keepsAxis: keepsAxis)
    return Results(
      Tensor(
        shape, (0..<pairs.count).map { norm.value(pairs.vector($0, of: differences)) }))
  }

  private func differences<S: Scalar>(_ operands: Operands<S>, _ pairs: VectorPairs) -> Tensor<S> {
    let (a, b) = pairs.stretched(operands.inputs)
    let epsilon = operands.constant(epsilon)
    return a.zip(b) { $0 - $1 + epsilon }
  }

  // MARK: Backward

  /// da[i] = dy·∂y/∂e[i] and db[i] = −da[i].
  public func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> {
    let pairs = pairs(operands)
    let differences = differences(operands, pairs)
    var da = differences
    for pair in 0..<pairs.count {
      let slopes = norm.slopes(pairs.vector(pair, of: differences))
      for (i, slope) in slopes.enumerated() {
        da[pairs.offset(pair, i)] = upstream[0][pair] * slope
      }
    }
    return VectorPairs.gradients(operands.inputs, (da, da.map { -$0 }), wanted)
  }

  // MARK: Bound

  /// E_e = 2u(|a| + |b| + |ε|); what that does to y and its slopes is the norm's own.
  public func bound(_ question: BoundQuestion) -> ErrorBound {
    let operands = question.operands
    let pairs = pairs(operands)
    let rounding = question.rounding
    let e = differences(operands, pairs)
    let (a, b) = pairs.stretched(operands.inputs)
    let errors = a.zip(b) {
      2 * rounding.unit * ($0.magnitude + $1.magnitude + epsilon.magnitude)
    }
    var outputs = Tensor(pairs.output(keepsAxis: keepsAxis), repeating: 0.0)
    var (limits, sizes) = (e, e)
    for pair in 0..<pairs.count {
      let error = VectorNormRounding(
        norm, pairs.vector(pair, of: e), errors: pairs.vector(pair, of: errors), operands.format,
        rounding)
      guard case .inputGradient = question.tensor else {
        outputs[pair] = error.value
        continue
      }
      let dy = question.upstream[0][pair].magnitude
      for i in 0..<pairs.length {
        let offset = pairs.offset(pair, i)
        sizes[offset] = dy * error.slopes[i].magnitude
        let slopeError = error.slopeError(i)
        limits[offset] = slopeError == 0 ? 0 : dy * slopeError + 2 * rounding.underflow
      }
    }
    guard case .inputGradient = question.tensor else { return .elementwise(outputs) }
    return VectorPairs.limits(
      question, limits.zip(sizes) { $0 + 2 * rounding.unit * $1 }, sizes: sizes)
  }

  // MARK: Examples

  public static var examples: [LayerExample] {
    LayerExample.pairs([:])
      + [1, 3, 1.5, 0.5, 0, -1, .infinity, -.infinity].map { (p: Double) in
        LayerExample(
          "the power \(p)", ["p": .real(p), "keepdim": true], inputs: [[3, 4], [3, 4]])
      } + [
        LayerExample("two vectors", ["eps": 0], inputs: [[5], [5]]),
        LayerExample("five axes", inputs: [[1, 2, 1, 2, 3], [2, 1, 1, 1, 3]]),
        LayerExample("a vector stretched along its length", inputs: [[3, 1], [3, 4]]),
        LayerExample(
          "scalars", inputs: [[], []],
          refused: .wrongShape(tensor: "input.0", expected: "(..., D)", found: .scalar)),
      ]
  }
}
