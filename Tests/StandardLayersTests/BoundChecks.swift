import LayerKit
import Tensors

/// Whether two computations of one tensor agree as far as a bound promises.
enum BoundChecks {
  /// The largest error in units of its bound: above 1, infinite or NaN where the bound is broken.
  static func worstRatio(
    _ found: Tensor<Double>, _ expected: Tensor<Double>, _ bound: ErrorBound, _ rounding: Rounding
  ) -> Double {
    guard found.shape == expected.shape else { return .infinity }
    var worst = 0.0
    for index in 0..<found.count {
      let error = (found[index] - expected[index]).magnitude
      let limit = limit(bound, index, rounding)
      // Equal infinities and a NaN opposite a NaN are no error.
      if found[index] == expected[index] || (found[index].isNaN && expected[index].isNaN) {
        continue
      }
      let ratio = limit == .infinity ? 0 : error / limit
      if !(ratio <= worst) { worst = ratio }
    }
    return worst
  }

  private static func limit(_ bound: ErrorBound, _ index: Int, _ rounding: Rounding) -> Double {
    switch bound {
    case .exact: 0
    // A product that underflows loses up to one step of the subnormal numbers.
    case .accumulated(let terms, let magnitudes, _):
      accumulated(terms, magnitudes.elements(index..<index + 1)[0], rounding)
    case .elementwise(let limits), .measured(let limits): limits[index]
    }
  }

  private static func accumulated(
    _ terms: Int, _ magnitude: Double, _ rounding: Rounding
  ) -> Double {
    let underflow = Double(terms) * 2 * rounding.unit * rounding.underflow
    return rounding.gamma(terms) * magnitude + (magnitude == 0 ? 0 : underflow)
  }
}

/// Every tensor that a layer computes, in single precision, held against double precision.
struct PrecisionComparison {
  /// What was compared.
  let tensor: ResultTensor
  /// The largest error in units of its bound.
  let ratio: Double

  /// Compares outputs, buffers and gradients for operands that are exact in single precision.
  static func measure(
    _ layer: AnyLayer, _ operands: Operands<Double>, upstream: [Tensor<Double>]
  ) throws -> [PrecisionComparison] {
    let rounding = Rounding(.float32).combined(with: Rounding(.float64))
    let small = operands.mapTensors { $0.map { Float($0) } }
    let wanted = GradientRequest(
      inputs: Set(operands.inputs.indices), parameters: Set(operands.parameters.keys))
    let (double, single) = (try layer.double.forward(operands), try layer.single.forward(small))
    let gradients = try layer.double.backward(operands, upstream, wanted)
    let smallGradients = try layer.single.backward(
      small, upstream.map { $0.map { Float($0) } }, wanted)

    func compare(
      _ tensor: ResultTensor, _ found: Tensor<Float>?, _ expected: Tensor<Double>
    ) throws -> PrecisionComparison {
      let question = BoundQuestion(
        tensor, operands: operands, upstream: upstream, computed: expected, rounding: rounding)
      guard let found else { return PrecisionComparison(tensor: tensor, ratio: .nan) }
      // What single precision cannot hold is infinite there.
      let held = expected.map { Float($0).isInfinite ? Double(Float($0)) : $0 }
      return PrecisionComparison(
        tensor: tensor,
        ratio: BoundChecks.worstRatio(
          found.map { Double($0) }, held, try layer.bound(question), rounding))
    }

    var comparisons: [PrecisionComparison] = []
    for (index, output) in double.outputs.enumerated() {
      comparisons.append(try compare(.output(index), single.outputs[index], output))
    }
    for (name, buffer) in double.buffers {
      comparisons.append(try compare(.buffer(name), single.buffers[name], buffer))
    }
    for (index, gradient) in gradients.inputs.enumerated() {
      guard let gradient else { continue }
      comparisons.append(
        try compare(.inputGradient(index), smallGradients.inputs[index], gradient))
    }
    for (name, gradient) in gradients.parameters {
      comparisons.append(
        try compare(.parameterGradient(name), smallGradients.parameters[name], gradient))
    }
    return comparisons
  }
}
