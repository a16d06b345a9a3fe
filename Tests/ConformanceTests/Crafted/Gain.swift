import Kernels
import LayerKit
import Tensors

/// A right layer from which wrong ones are made by replacing one part of it.
///
///     y[n,c] = s·w[c]·|x[n,c]| + b[c]        dx = s·w·sign(x)·dy,  dw = Σ_n s·|x|·dy,  db = Σ_n dy
protocol Gain: Layer {
  init()
  /// s, the hyper-parameter `scale`.
  var scale: Double { get set }
  mutating func read(_ hyperparameters: inout HyperparameterReader)
  static var refused: [LayerExample] { get }
}

struct RightGain: Gain { var scale = 1.0 }

extension Gain {
  static var signature: Signature {
    Signature(
      kind: "test.\(Self.self)", parameters: [.init("weight"), .init("bias")],
      traits: .independentSamples)
  }

  init(_ hyperparameters: inout HyperparameterReader) {
    self.init()
    read(&hyperparameters)
  }

  mutating func read(_ hyperparameters: inout HyperparameterReader) {
    scale = hyperparameters.real("scale", default: 1)
  }

  func outputShapes(_ operands: OperandShapes) throws -> [Shape] {
    let x = operands.inputs[0]
    guard x.rank == 2 else {
      throw LayerProblem.wrongShape(tensor: "input", expected: "(N, C)", found: x)
    }
    for name in ["weight", "bias"] {
      if let shape = operands.parameters[name], shape != [x[1]] {
        throw LayerProblem.wrongShape(
          tensor: "parameters/\(name)", expected: "(\(x[1]),)", found: shape)
      }
    }
    return [x]
  }

  func defined<S: Scalar>(_ operands: Operands<S>) -> Tensor<S> {
    let (x, w, b) = (operands.inputs[0], operands.parameter("weight"), operands.parameter("bias"))
    let s = operands.constant(scale)
    let channels = w.count
    return Tensor(
      x.shape,
      (0..<x.count).map { s * w[$0 % channels] * .magnitude(x[$0]) + b[$0 % channels] })
  }

  func define<S: Scalar>(_ operands: Operands<S>) -> Results<S> { Results(defined(operands)) }

  func differentiated<S: KernelScalar>(
    _ operands: Operands<S>, _ dy: Tensor<S>, _ wanted: GradientRequest
  ) -> Gradients<S> {
    let (x, w) = (operands.inputs[0], operands.parameter("weight"))
    let (s, channels) = (operands.constant(scale), w.count)
    var (dx, dw, db) = (x, w.map { _ in S.zero }, w.map { _ in S.zero })
    for offset in 0..<x.count {
      let c = offset % channels
      let sign: S = x[offset] > 0 ? 1 : x[offset] < 0 ? -1 : 0
      dx[offset] = s * w[c] * sign * dy[offset]
      dw[c] += s * .magnitude(x[offset]) * dy[offset]
      db[c] += dy[offset]
    }
    return Gradients(
      inputs: [wanted.inputs.contains(0) ? dx : nil],
      parameters: ["weight": dw, "bias": db].filter { wanted.parameters.contains($0.key) })
  }

  func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> { differentiated(operands, upstream[0], wanted) }

  /// Products of three factors, each rounded once, and a sum over the batch.
  func bound(_ question: BoundQuestion) -> ErrorBound {
    var positive = Self()
    positive.scale = scale.magnitude
    return .sum(
      terms: question.operands.inputs[0].shape[0] + 4,
      magnitude: positive.magnitude(question), underflowing: question)
  }

  var kinks: [Kink] { [.point(input: 0, slope: 0)] }

  static var accepted: [LayerExample] {
    [
      LayerExample("plain", inputs: [[3, 2]], parameters: ["weight": [2], "bias": [2]]),
      LayerExample(
        "scaled", ["scale": 2], inputs: [[2, 5]], parameters: ["weight": [5], "bias": [5]]),
    ]
  }

  static var refused: [LayerExample] {
    [
      LayerExample(
        "three axes", inputs: [[3, 2, 2]], parameters: ["weight": [2], "bias": [2]],
        refused: .wrongShape(tensor: "input", expected: "(N, C)", found: [3, 2, 2]))
    ]
  }

  static var examples: [LayerExample] { accepted + refused }
}

extension ErrorBound {
  /// A sum of products of three factors whose first products may underflow.
  static func sum(
    terms: Int, magnitude: Tensor<Double>, underflowing question: BoundQuestion
  ) -> ErrorBound {
    // An underflowing s·w or s·|x| loses up to η·u, which is multiplied by the largest factor.
    let operands = question.operands
    let factors = operands.inputs + operands.parameters.values + question.upstream
    let largest = factors.flatMap(\.elements).reduce(1) { max($0, $1.magnitude) }
    let lost = Double(terms) * question.rounding.underflow * question.rounding.unit
    return .elementwise(
      magnitude.map { question.rounding.gamma(terms) * $0 + lost * 4 * largest })
  }
}
