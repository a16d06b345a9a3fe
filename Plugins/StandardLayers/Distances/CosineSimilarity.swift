// Goals, in order: 1 agree with the definition; 2 be obvious; 3 be fast enough.
// Source: torch.nn.CosineSimilarity (2.13).

public import Kernels
public import LayerKit
public import Tensors

/// The cosine of the angle between two vectors.
///
///     y = Σ_i (a[i]/α) · (b[i]/β),   α = max(|a|, ε), β = max(|b|, ε)
///
/// along the axis `dim`. As in PyTorch, raising a norm to ε changes its value and not its derivative.
/// - Shapes: a and b of any shapes that stretch to a common one → that without the axis
/// - Kinks: the derivative of |a| at a = 0 is taken to be 0.
public struct CosineSimilarity: Layer {
  public static let signature = Signature(
    kind: "CosineSimilarity", inputs: [.init("x1"), .init("x2")])

  // MARK: Hyper-parameters

  /// The axis, counted from the end where it is negative; default 1.
  private let dimension: Int
  /// ε, the smallest norm; default 1e-8.
  private let epsilon: Double

  public init(_ hyperparameters: inout HyperparameterReader) {
    dimension = hyperparameters.integer("dim", default: 1, in: dimensionRange)
    epsilon = hyperparameters.real("eps", default: 1e-8)
  }

  // MARK: Shapes

  public func outputShapes(_ operands: OperandShapes) throws -> [Shape] {
    let shape = try operands.broadcastInputs()
    return [VectorPairs(shape, axis: try shape.axis(dimension, named: "dim")).output()]
  }

  private func pairs<S>(_ operands: Operands<S>) -> VectorPairs {
    established {
      let shape = try operands.shapes.broadcastInputs()
      return VectorPairs(shape, axis: try shape.axis(dimension, named: "dim"))
    }
  }

  // MARK: Definition

  public func define<S: Scalar>(_ operands: Operands<S>) -> Results<S> {
    let pairs = pairs(operands)
    let (a, b) = pairs.stretched(operands.inputs)
    let smallest = operands.format.rounded(epsilon)
    let cosines = (0..<pairs.count).map { pair -> S in
      let (a, b) = (pairs.vector(pair, of: a), pairs.vector(pair, of: b))
      let (alpha, beta) = (Self.raised(Self.norm(a), smallest), Self.raised(Self.norm(b), smallest))
      var sum = S.zero
      for (a, b) in zip(a, b) { sum += (a / alpha) * (b / beta) }
      return sum
    }
    return Results(Tensor(pairs.output(), cosines))
  }

  private static func norm<S: Scalar>(_ vector: [S]) -> S {
    var sum = S.zero
    for x in vector { sum += x * x }
    return S.squareRoot(sum)
  }

  /// max(norm, ε), whose derivative is that of the norm.
  private static func raised<S: Scalar>(_ norm: S, _ epsilon: Double) -> S {
    norm.value < epsilon ? norm + S(epsilon - norm.value) : norm
  }

  // MARK: Backward

  /// da[i] = dy/α · (b[i]/β − y·a[i]/|a|), and db with the roles exchanged.
  public func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> {
    let pairs = pairs(operands)
    let (a, b) = pairs.stretched(operands.inputs)
    let smallest = operands.format.rounded(epsilon)
    var (da, db) = (a, b)
    for pair in 0..<pairs.count {
      let (u, v) = (pairs.vector(pair, of: a), pairs.vector(pair, of: b))
      let norms = (Self.norm(u), Self.norm(v))
      let (alpha, beta) = (Self.raised(norms.0, smallest), Self.raised(norms.1, smallest))
      var y: S = 0
      for (u, v) in zip(u, v) { y += (u / alpha) * (v / beta) }
      let dy = upstream[0][pair]
      for i in 0..<pairs.length {
        let own = (norms.0 == 0 ? 0 : u[i] / norms.0, norms.1 == 0 ? 0 : v[i] / norms.1)
        da[pairs.offset(pair, i)] = dy / alpha * (v[i] / beta - y * own.0)
        db[pairs.offset(pair, i)] = dy / beta * (u[i] / alpha - y * own.1)
      }
    }
    return VectorPairs.gradients(operands.inputs, (da, db), wanted)
  }

  // MARK: Bound

  /// The relative error of a norm of m numbers is ν = γ(m+3), and that of α is λ.
  ///
  ///     λ = ν + √(mη)/α, or ν + mη/(|a|·α) if that is smaller
  ///
  /// y = Σ u·v for u = a/α, v = b/β then has E_y = Σ|u·v|(λ_a + λ_b + γ(m+6)) + 2mη, and
  /// da = dy·(v − y·e)/α for e = a/|a| has
  ///
  ///     1.01·|dy|/α·[|v|(λ_a + λ_b + γ(6)) + |e|(E_y + |y|(2λ_a + γ(8))) + 4η(1 + |y|)] + 2η
  ///
  /// where all of λ are below ¼; |a|, which is not raised, has λ with |a| in place of α.
  public func bound(_ question: BoundQuestion) -> ErrorBound {
    let operands = question.operands
    let pairs = pairs(operands)
    let (a, b) = pairs.stretched(operands.inputs)
    let smallest = operands.format.rounded(epsilon)
    let underflow = question.rounding.underflow
    let rounding = question.rounding
    var isSecond = false
    if case .inputGradient(1) = question.tensor { isSecond = true }
    var outputs = Tensor(pairs.output(), repeating: 0.0)
    var (limits, sizes) = (a, a)
    for pair in 0..<pairs.count {
      let vectors = [pairs.vector(pair, of: a), pairs.vector(pair, of: b)]
      let (own, other) = isSecond ? (vectors[1], vectors[0]) : (vectors[0], vectors[1])
      let (alpha, beta) = (
        RaisedNorm(own, smallest, operands.format, rounding),
        RaisedNorm(other, smallest, operands.format, rounding)
      )
      let relative = alpha.error + beta.error
      var (y, size) = (0.0, 0.0)
      for (u, v) in zip(own, other) {
        y += u / alpha.value * (v / beta.value)
        size += (u / alpha.value * (v / beta.value)).magnitude
      }
      let error =
        size * (relative + rounding.gamma(pairs.length + 6)) + 2 * Double(pairs.length) * underflow
      guard case .inputGradient = question.tensor else {
        outputs[pair] = relative < 0.25 ? 1.01 * error + underflow : .infinity
        continue
      }
      let dy = question.upstream[0][pair].magnitude
      for i in 0..<pairs.length {
        let v = (other[i] / beta.value).magnitude
        let e = alpha.norm == 0 ? 0 : (own[i] / alpha.norm).magnitude
        let offset = pairs.offset(pair, i)
        sizes[offset] = dy / alpha.value * (v + e * y.magnitude)
        let inner =
          v * (relative + rounding.gamma(6))
          + e * (error + y.magnitude * (2 * alpha.normError + rounding.gamma(8)))
          + 4 * underflow * (1 + y.magnitude)
        limits[offset] =
          relative < 0.25 && (alpha.norm == 0 || alpha.normError < 0.25)
          ? 1.01 * dy / alpha.value * inner + 2 * underflow : .infinity
      }
    }
    guard case .inputGradient = question.tensor else { return .elementwise(outputs) }
    return VectorPairs.limits(question, limits, sizes: sizes)
  }

  /// |a|, α, and their relative errors.
  private struct RaisedNorm {
    let norm: Double
    let value: Double
    let normError: Double
    let error: Double

    init(_ vector: [Double], _ smallest: Double, _ format: NumberFormat, _ rounding: Rounding) {
      let squares = vector.reduce(0) { $0 + $1 * $1 }
      norm = squares.squareRoot()
      value = max(norm, smallest)
      let count = Double(vector.count)
      let lost = min((count * rounding.underflow).squareRoot(), count * rounding.underflow / norm)
      let overflows = squares > format.largestFinite
      let relative = rounding.gamma(vector.count + 3)
      normError = overflows ? .infinity : relative + lost / norm
      error = overflows ? .infinity : relative + (lost.isNaN ? 0 : lost) / value
    }
  }

  // MARK: Examples

  public static var examples: [LayerExample] {
    LayerExample.pairs([:]) + [
      LayerExample("the last of three axes", ["dim": -1], inputs: [[2, 3, 4], [2, 3, 4]]),
      LayerExample("the first axis", ["dim": 0, "eps": 1e-3], inputs: [[5, 2], [5, 2]]),
      LayerExample("both stretched", inputs: [[2, 3, 1], [1, 3, 4]]),
      LayerExample("two vectors", ["dim": 0], inputs: [[4], [4]]),
      LayerExample("norms below ε", ["eps": 100], inputs: [[3, 4], [3, 4]]),
      LayerExample(
        "an axis too far", inputs: [[4], [4]],
        refused: .outOfRange(hyperparameter: "dim", allowed: "-1 to 0", found: 1)),
    ]
  }
}
