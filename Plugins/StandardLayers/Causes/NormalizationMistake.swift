import LayerKit
import Tensors

/// A normalisation computed with another deviation, or with terms of its gradient left out.
///
///     y = w·x̂ + b,  x̂ = (x − μ)/s          dw = Σ dy·x̂
///     dx = (h − λ·mean(h) − κ·x̂·mean(h·x̂))/s,  h = w·dy
///
/// λ = κ = 1 for s = √(v + ε).
struct NormalizationMistake: Sendable {
  /// s from v, ε and m; nil for the right one.
  var deviation: (@Sendable (_ variance: Double, _ epsilon: Double, _ size: Double) -> Double)?
  /// λ.
  var meanTerm = 1.0
  /// κ from v and s.
  var varianceTerm: @Sendable (_ variance: Double, _ deviation: Double) -> Double

  /// The tensor that the evidence is about; nil where the mistake does not reach it.
  func result(_ evidence: Evidence, _ layer: some NormalizationLayer) -> Tensor<Double>? {
    let operands = evidence.operands
    let x = operands.inputs[0]
    let groups = layer.groups(operands.shapes)
    let given = layer.givenStatistics(operands)
    let statistics = layer.statistics(operands, groups)
    let epsilon = layer.epsilon(operands)
    let (weight, bias) = (operands.parameters["weight"], operands.parameters["bias"])
    var result: Tensor<Double>
    switch evidence.tensor {
    case .output(0), .inputGradient(0): result = x
    case .parameterGradient("weight"):
      guard let weight else { return nil }
      result = weight.map { _ in 0 }
    default: return nil
    }
    guard evidence.tensor == .output(0) || evidence.upstream.first?.shape == x.shape else {
      return nil
    }
    for g in 0..<groups.count {
      let (mean, variance) = (statistics.means[g], statistics.variances[g])
      let s =
        deviation?(variance, epsilon, Double(groups.size)) ?? (variance + epsilon).squareRoot()
      let (lambda, kappa) = given == nil ? (meanTerm, varianceTerm(variance, s)) : (0, 0)
      var (sum, product) = (0.0, 0.0)
      if evidence.tensor == .inputGradient(0) {
        for offset in groups.offsets(of: g) {
          let h = (weight?[groups.weight(at: offset)] ?? 1) * evidence.upstream[0][offset]
          sum += h
          product += h * (x[offset] - mean) / s
        }
      }
      let count = Double(groups.size)
      for offset in groups.offsets(of: g) {
        let k = groups.weight(at: offset)
        let (w, normalized) = (weight?[k] ?? 1, (x[offset] - mean) / s)
        switch evidence.tensor {
        case .output:
          result[offset] = w * normalized + (bias?[k] ?? 0)
        case .inputGradient:
          let mean = layer.removesMean ? lambda * sum / count : 0
          let h = w * evidence.upstream[0][offset]
          result[offset] = (h - mean - kappa * normalized * product / count) / s
        case .parameterGradient, .buffer:
          result[k] += evidence.upstream[0][offset] * normalized
        }
      }
    }
    return result
  }
}

/// A normalisation with some of its settings changed; it takes operands of any shapes.
struct OtherNormalization<Base: NormalizationLayer>: NormalizationLayer {
  static var signature: Signature { Base.signature }
  static var examples: [LayerExample] { Base.examples }

  private let base: Base
  var otherEpsilon: Double?
  var otherGroups: NormalizationGroups?
  var removesMean: Bool

  init(_ base: Base) {
    self.base = base
    removesMean = base.removesMean
  }

  init(_ hyperparameters: inout HyperparameterReader) { self.init(Base(&hyperparameters)) }

  var flattensConstants: Bool { base.flattensConstants }

  func outputShapes(_ operands: OperandShapes) throws -> [Shape] { operands.inputs }

  func groups(_ operands: OperandShapes) -> NormalizationGroups {
    otherGroups ?? base.groups(operands)
  }

  func epsilon<S>(_ operands: Operands<S>) -> Double { otherEpsilon ?? base.epsilon(operands) }

  func givenStatistics<S: Scalar>(_ operands: Operands<S>) -> GroupStatistics<S>? {
    base.givenStatistics(operands)
  }
}
