// Source: torch.nn.GLU (2.13); Y. N. Dauphin, A. Fan, M. Auli, D. Grangier 2017.

public import Kernels
public import LayerKit
public import Tensors

/// The gated linear unit: one half of an axis opens or closes the other.
///
///     y = a·σ(b), x = (a, b) along the axis
///     da = dy·σ(b)          db = dy·a·σ(b)·(1 − σ(b))
///
/// - Shapes: x of any shape with an even extent along the axis → y with half of it.
/// - Kinks: none. NaN stays NaN.
public struct GLU: Layer {
  public static let signature = Signature(kind: "GLU")

  // MARK: Hyper-parameters

  /// The axis that is halved, the last by default; negative numbers count from the end.
  public let dimension: Int

  public init(_ hyperparameters: inout HyperparameterReader) {
    dimension = hyperparameters.integer("dim", default: -1, in: dimensionRange)
  }

  // MARK: Shapes

  public func outputShapes(_ operands: OperandShapes) throws -> [Shape] {
    let x = operands.inputs[0]
    guard x.rank > 0 else {
      throw LayerProblem.wrongShape(tensor: "input", expected: "one axis or more", found: x)
    }
    let axis = try x.axis(dimension, named: "dim")
    guard x[axis].isMultiple(of: 2) else {
      throw LayerProblem.wrongShape(
        tensor: "input", expected: "an even extent along axis \(axis)", found: x)
    }
    return [halved(x)]
  }

  private func halved(_ x: Shape) -> Shape {
    var extents = x.extents
    if let axis = x.axis(dimension) { extents[axis] /= 2 }
    return Shape(extents)
  }

  /// The number of neighbouring elements of one half; in memory a and b take turns.
  private func run(_ x: Shape) -> Int {
    let (_, extent, inner) = x.split(at: x.axis(dimension) ?? 0)
    return max(1, extent / 2 * inner)
  }

  // MARK: Definition

  public func define<S: Scalar>(_ operands: Operands<S>) -> Results<S> {
    Results(combineHalves(operands.inputs[0]) { a, b in a * .logistic(b) })
  }

  /// The tensor of what `combine` makes of each pair (a, b).
  private func combineHalves<S: Sendable>(
    _ x: Tensor<S>, _ combine: @Sendable (_ a: S, _ b: S) -> S
  ) -> Tensor<S> {
    let shape = halved(x.shape)
    let run = run(x.shape)
    return Tensor(
      shape,
      [S](parallelCount: shape.count) { block, y in
        for i in block {
          let a = i / run * 2 * run + i % run
          y[i] = combine(x[a], x[a + run])
        }
      })
  }

  // MARK: Backward

  /// 1 − σ(b) is computed as σ(−b), which does not cancel.
  public func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> {
    guard wanted.inputs.contains(0) else { return Gradients(inputs: [nil]) }
    let dy = upstream[0]
    return Gradients(
      input: mapPairs(operands.inputs[0]) { i, a, b in
        let gate = S.logistic(b)
        return (dy[i] * gate, dy[i] * a * (gate * .logistic(-b)))
      })
  }

  /// The tensor of the pairs that `transform` makes of each pair (a, b).
  private func mapPairs<S: Sendable>(
    _ x: Tensor<S>, _ transform: @Sendable (_ output: Int, _ a: S, _ b: S) -> (S, S)
  ) -> Tensor<S> {
    let run = run(x.shape)
    return Tensor(
      x.shape,
      [S](parallelCount: x.count, tasks: x.count / 2) { block, result in
        for i in block {
          let a = i / run * 2 * run + i % run
          let pair = transform(i, x[a], x[a + run])
          (result[a], result[a + run]) = pair
        }
      })
  }

  // MARK: Bound

  /// From a σ(b) with the error E = 8u·σ + η(1 + |b|), as for the logistic function.
  ///
  /// - y: |a|·E + u·|y| + η.
  /// - da: |dy|·E + u·|da| + η.
  /// - db: |dy·a|·(E + γ(4)·σ(1 − σ)) + 2η(1 + |dy|)(1 + |a|).
  public func bound(_ question: BoundQuestion) -> ErrorBound {
    let rounding = question.rounding
    let x = question.operands.inputs[0]
    guard case .inputGradient = question.tensor else {
      return .elementwise(
        combineHalves(x) { a, b in
          let error = rounding.logisticError(b) + rounding.unit * Double.logistic(b)
          return 1.01 * a.magnitude * error + rounding.underflow
        })
    }
    let dy = question.upstream[0]
    return .elementwise(
      mapPairs(x) { i, a, b in
        let (g, error) = (dy[i].magnitude, rounding.logisticError(b))
        let gate = Double.logistic(b)
        let slope = gate * Double.logistic(-b)
        let underflow = 2 * rounding.underflow * (1 + g) * (1 + a.magnitude)
        return (
          1.01 * g * (error + rounding.unit * gate) + rounding.underflow,
          1.01 * g * a.magnitude * (error + rounding.gamma(4) * slope) + underflow
        )
      })
  }

  // MARK: Examples

  public static var examples: [LayerExample] {
    [
      LayerExample("one axis", inputs: [[6]]),
      LayerExample("the last axis", inputs: [[3, 4]]),
      LayerExample("the batch", ["dim": 0], inputs: [[4, 3]]),
      LayerExample("channels", ["dim": 1], inputs: [[2, 6, 5]]),
      LayerExample("channels of an image, from the end", ["dim": -3], inputs: [[2, 4, 3, 5]]),
      LayerExample("five axes", ["dim": 2], inputs: [[2, 1, 4, 2, 3]]),
      LayerExample("no batch", inputs: [[0, 4]]),
      LayerExample("nothing to halve", inputs: [[3, 0]]),
      LayerExample(
        "a scalar", inputs: [[]],
        refused: .wrongShape(tensor: "input", expected: "one axis or more", found: [])),
      LayerExample(
        "an odd extent", ["dim": 1], inputs: [[2, 3]],
        refused: .wrongShape(
          tensor: "input", expected: "an even extent along axis 1", found: [2, 3])),
      LayerExample(
        "an axis too far", ["dim": 2], inputs: [[2, 4]],
        refused: .outOfRange(hyperparameter: "dim", allowed: "-2 to 1", found: 2)),
      LayerExample(
        "an unknown hyper-parameter", ["axis": 1], inputs: [[2, 4]],
        refused: .unknownHyperparameter("axis", closest: nil)),
    ]
  }
}
