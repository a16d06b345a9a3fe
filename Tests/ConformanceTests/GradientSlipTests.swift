import Conformance
import Kernels
import LayerKit
import Tensors
import Testing

/// A linear layer y[n,o] = Σ_i w[o,i]·x[n,i] with one slip of choice in its backward pass.
private struct Product: Layer {
  enum Slip: Int, CaseIterable {
    case none, sign, missingTerm, transposed, oneSample, upstreamIgnored, halved, backwards, zero
    case lastTerm

    /// How the kit names it.
    var words: String {
      switch self {
      case .none: ""
      case .sign: "has the wrong sign"
      case .missingTerm: "look for a missing term"
      case .transposed: "is transposed: axes 0 and 1"
      case .oneSample: "forgets the sum over the batch: it holds sample 2 of 3"
      case .upstreamIgnored: "ignores the upstream gradient"
      case .halved: "is 1/2 times what it should be"
      case .backwards: "runs backwards along axes 0, 1"
      case .zero: "is zero everywhere"
      case .lastTerm: "holds the last term of each sum"
      }
    }
  }

  static let signature = Signature(
    kind: "test.Product", parameters: [.init("weight")], traits: .independentSamples)

  let slip: Slip

  init(_ hyperparameters: inout HyperparameterReader) {
    slip = Slip(rawValue: hyperparameters.integer("slip", in: 0...Slip.allCases.count - 1)) ?? .none
  }

  func outputShapes(_ operands: OperandShapes) throws -> [Shape] {
    let (x, w) = (operands.inputs[0], operands.parameters["weight"] ?? .scalar)
    guard x.rank == 2, w.rank == 2, w[1] == x[1] else {
      throw LayerProblem.wrongShape(tensor: "input", expected: "(N, I)", found: x)
    }
    return [[x[0], w[0]]]
  }

  func define<S: Scalar>(_ operands: Operands<S>) -> Results<S> {
    let (x, w) = (operands.inputs[0], operands.parameter("weight"))
    var y = Tensor<S>([x.shape[0], w.shape[0]], repeating: .zero)
    for n in 0..<x.shape[0] {
      for o in 0..<w.shape[0] { for i in 0..<x.shape[1] { y[n, o] += w[o, i] * x[n, i] } }
    }
    return Results(y)
  }

  func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> {
    let (x, w) = (operands.inputs[0], operands.parameter("weight"))
    let dy = slip == .upstreamIgnored ? upstream[0].map { _ in S(1) } : upstream[0]
    var (dx, dw) = (x.map { _ in S.zero }, w.map { _ in S.zero })
    for n in 0..<x.shape[0] {
      for o in 0..<w.shape[0] {
        for i in 0..<x.shape[1] {
          dx[n, i] += w[o, i] * dy[n, o]
          switch slip {
          case .oneSample: dw[o, i] = dy[n, o] * x[n, i]
          case .missingTerm where n == 1 && o == 0: break
          case .lastTerm:
            dx[n, i] = w[o, i] * dy[n, o]
            fallthrough
          default: dw[o, i] += dy[n, o] * x[n, i]
          }
        }
      }
    }
    switch slip {
    case .sign: dw = dw.map { -$0 }
    case .halved: dw = dw.map { $0 / 2 }
    case .zero: dw = dw.map { _ in 0 }
    case .backwards: dw = Tensor(dw.shape, dw.elements.reversed())
    case .transposed:
      let (rows, columns) = (dw.shape[0], dw.shape[1])
      dw = Tensor(dw.shape, (0..<dw.count).map { dw[$0 % rows * columns + $0 / rows] })
    case .none, .missingTerm, .oneSample, .upstreamIgnored, .lastTerm: break
    }
    return Gradients(inputs: [dx], parameters: ["weight": dw])
  }

  func bound(_ question: BoundQuestion) -> ErrorBound {
    .sum(terms: 16, magnitude: magnitude(question))
  }

  static let examples = Slip.allCases.map {
    LayerExample(
      "\($0)", ["slip": .integer($0.rawValue)], inputs: [[3, 4]], parameters: ["weight": [2, 4]])
  }
}

private func failures(_ derivatives: DerivativeSource) -> ConformanceReport.CheckResult? {
  let adjoint = ConformanceCheck.all.filter { $0.id == "adjoint" }
  return ConformanceKit.report(
    on: LayerDefinition(Product.self), checks: adjoint, derivatives: derivatives
  ).results.first
}

@Test(arguments: [DerivativeSource.dualNumbers, .differences])
func `a wrong backward pass is told by the name of its slip`(source: DerivativeSource) throws {
  let result = try #require(failures(source))
  #expect(result.cases == Product.Slip.allCases.count)
  #expect(result.failures.count == Product.Slip.allCases.count - 1)
  for slip in Product.Slip.allCases where slip != .none {
    let failure = result.failures.first { $0.example == "\(slip)" }
    #expect(failure?.detail.contains(slip.words) == true, "\(slip): \(failure?.detail ?? "none")")
  }
}

@Test(arguments: [DerivativeSource.dualNumbers, .differences])
func `the smallest case that fails is told`(source: DerivativeSource) throws {
  let result = try #require(failures(source))
  let smallest = try #require(result.smallest)
  // The first slip that fails is the sign: one element shows it.
  #expect(smallest.example == "input [1, 1], weight [1, 1], slip = 1")
  #expect(smallest.detail.contains("has the wrong sign"))
}
