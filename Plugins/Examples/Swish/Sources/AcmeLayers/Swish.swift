// Source: P. Ramachandran, B. Zoph, Q. V. Le, *Searching for Activation Functions*, 2017.

public import Kernels
public import LayerKit
import StandardLayers
public import Tensors

/// The sigmoid linear unit with a trained slope for each channel.
///
///     z = β[c]·x,  s = σ(z),  t = σ(−z) = 1 − s
///     y = x·s          dx = dy·s·(1 + z·t)          dβ[c] = Σ dy·x²·s·t
///
/// - Shapes: x (N, C, …), β (C) → y like x; the sum runs over samples and space.
/// - Kinks: none. NaN stays NaN.
public struct Swish: Layer {
  public static let signature = Signature(
    kind: "acme.Swish", parameters: [.init("beta")], traits: [.independentSamples, .elementwise])

  public static let formula = "y = x·σ(β[c]·x)"

  // MARK: Hyper-parameters

  private let declared: DeclaredSizes

  public init(_ hyperparameters: inout HyperparameterReader) {
    declared = hyperparameters.declaredSizes("num_features")
  }

  // MARK: Shapes

  public func outputShapes(_ operands: OperandShapes) throws -> [Shape] {
    let x = operands.inputs[0]
    guard x.rank >= 2 else {
      throw LayerProblem.wrongShape(tensor: "input", expected: "(N, C, …)", found: x)
    }
    if let beta = operands.parameters["beta"], beta != [x[1]] {
      throw LayerProblem.wrongShape(
        tensor: "parameters/beta", expected: "(\(x[1]),)", found: beta)
    }
    try declared.check("num_features", equals: x[1])
    return [x]
  }

  // MARK: Definition

  public func define<S: Scalar>(_ operands: Operands<S>) -> Results<S> {
    Results(mapPairs(operands) { _, x, beta in x * .logistic(beta * x) })
  }

  /// The tensor of what `transform` makes of each element and the slope of its channel.
  private func mapPairs<S: Sendable, Element: Sendable>(
    _ operands: Operands<S>, _ transform: (_ offset: Int, _ x: S, _ beta: S) -> Element
  ) -> Tensor<Element> {
    let (x, beta) = (operands.inputs[0], operands.parameter("beta"))
    let (_, channels, area) = x.shape.split(at: 1)
    return Tensor(
      x.shape, (0..<x.count).map { transform($0, x[$0], beta[$0 / area % channels]) })
  }

  // MARK: Backward

  /// 1 − σ(z) is computed as σ(−z), which does not cancel.
  public func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> {
    let dy = upstream[0]
    var gradients = Gradients<S>(inputs: [nil])
    if wanted.inputs.contains(0) {
      gradients.inputs[0] = mapPairs(operands) { i, x, beta in
        let z = beta * x
        return dy[i] * (S.logistic(z) * (1 + z * S.logistic(-z)))
      }
    }
    if wanted.parameters.contains("beta") {
      let slopes = mapPairs(operands) { _, x, beta in
        x * (x * (S.logistic(beta * x) * S.logistic(-beta * x)))
      }
      let (batch, channels, area) = slopes.shape.split(at: 1)
      gradients.parameters["beta"] = Tensor(
        [channels],
        Reduction.channelSums(
          slopes.elements, times: dy.elements, batch: batch, channels: channels, area: area))
    }
    return gradients
  }

  // MARK: Bound

  /// From a z with the relative error u, an s with (8 + |z|t)u, and a t that may come from 1 − s.
  ///
  /// - y: u·|y|·(9 + |z|t) + η(1 + |x|)(1 + |z|).
  /// - dx: |dy|·s·[u·|1 + zt|·(11 + |z|t) + |z|·E] + 2η(1 + |dy|)(1 + |z|).
  /// - dβ: Σ |dy|·x²·s·[E + u·t·(14 + |z|t)] + η(1 + |dy|)(1 + x²), and γ(m)·Σ |dy|·x²·s·t for the
  ///   sum of m terms.
  ///
  /// E = min(8us, 4t) + u·t·(8 + |z|s) is the error of t and of the products that it goes through.
  public func bound(_ question: BoundQuestion) -> ErrorBound {
    let (u, eta) = (question.rounding.unit, question.rounding.underflow)
    func parts(_ z: Double) -> (s: Double, t: Double, slope: Double, error: Double) {
      let (s, t) = (Double.logistic(z), Double.logistic(-z))
      let error = min(8 * u * s, 4 * t) + u * t * (8 + z.magnitude * s)
      return (s, t, z.magnitude * t, error)
    }
    if case .output = question.tensor {
      return .elementwise(
        mapPairs(question.operands) { _, x, beta in
          let (z, p) = (beta * x, parts(beta * x))
          return 1.01 * u * (x * p.s).magnitude * (9 + p.slope)
            + eta * (1 + x.magnitude) * (1 + z.magnitude)
        })
    }
    let dy = question.upstream[0]
    if case .inputGradient = question.tensor {
      return .elementwise(
        mapPairs(question.operands) { i, x, beta in
          let (z, g, p) = (beta * x, dy[i].magnitude, parts(beta * x))
          let error = u * (1 + z * p.t).magnitude * (11 + p.slope) + z.magnitude * p.error
          return 1.01 * g * p.s * error + 2 * eta * (1 + g) * (1 + z.magnitude)
        })
    }
    let (batch, channels, area) = dy.shape.split(at: 1)
    let gamma = question.rounding.gamma(batch * area)
    let errors = mapPairs(question.operands) { i, x, beta in
      let (g, square, p) = (dy[i].magnitude, x * x, parts(beta * x))
      let each = p.error + u * p.t * (14 + p.slope) + gamma * p.t
      return 1.01 * g * square * p.s * each + eta * (1 + g) * (1 + square)
    }
    return .elementwise(
      Tensor(
        [channels],
        Reduction.channelSums(errors.elements, batch: batch, channels: channels, area: area)))
  }

  // MARK: Examples

  public static let examples = [
    LayerExample("features", inputs: [[4, 3]], parameters: ["beta": [3]]),
    LayerExample(
      "images", ["num_features": 3], inputs: [[2, 3, 4, 5]], parameters: ["beta": [3]]),
    LayerExample("no samples", inputs: [[0, 2, 3]], parameters: ["beta": [2]]),
    LayerExample(
      "one axis", inputs: [[3]], parameters: ["beta": [3]],
      refused: .wrongShape(tensor: "input", expected: "(N, C, …)", found: [3])),
    LayerExample(
      "a slope for each sample", inputs: [[2, 3]], parameters: ["beta": [2]],
      refused: .wrongShape(tensor: "parameters/beta", expected: "(3,)", found: [2])),
    LayerExample(
      "another number of features", ["num_features": 2], inputs: [[2, 3]],
      parameters: ["beta": [3]],
      refused: .contradiction(hyperparameter: "num_features", declared: 2, tensors: 3)),
  ]
}
