import Conformance
import LayerKit
import Tensors
import Testing

private let tensors: [ResultTensor] = [
  .output(0), .inputGradient(0), .parameterGradient("weight"), .parameterGradient("bias"),
]

/// The magnitude behind a convolution's bound, and the one in double precision.
private func magnitudes(
  _ layer: AnyLayer, _ tensor: ResultTensor, _ operands: Operands<Double>, _ dy: Tensor<Double>
) throws -> (found: [Double], exact: [Double]) {
  let absolute = operands.mapTensors { $0.map(\.magnitude) }
  let exact: Tensor<Double>? =
    switch tensor {
    case .output(let index): try layer.double.forward(absolute).outputs[index]
    case .inputGradient(let index):
      try layer.double.backward(
        absolute, [dy.map(\.magnitude)], GradientRequest(inputs: [index], parameters: [])
      ).inputs[index]
    case .parameterGradient(let name):
      try layer.double.backward(
        absolute, [dy.map(\.magnitude)], GradientRequest(inputs: [], parameters: [name])
      ).parameters[name]
    case .buffer: nil
    }
  let computed = try #require(exact)
  let bound = try layer.bound(
    BoundQuestion(
      tensor, operands: operands, upstream: [dy], computed: computed,
      rounding: Rounding(.float32).combined(with: Rounding(.float64))))
  guard case .accumulated(_, let magnitude, _) = bound else {
    Issue.record("not a sum: \(bound)")
    return ([], [1])
  }
  return (magnitude.elements(0..<computed.count), computed.elements)
}

/// Random operands times a factor, as single precision holds them.
private func singles(
  _ convolution: RandomConvolution, times factor: Double
) -> (Operands<Double>, Tensor<Double>) {
  let (operands, upstream) = convolution.operands(.reals)
  let held: @Sendable (Double) -> Double = { Double(Float($0 * factor)) }
  return (operands.mapTensors { $0.map(held) }, upstream.map(held))
}

// With 10⁻²⁵ the products fall below single precision, with 10⁻³⁰ the sums are 0 in it.
@Test(arguments: [1, 1e-25, 1e-30, 1e-40])
func `a magnitude in single precision is never too small`(_ factor: Double) throws {
  for seed in 1...150 {
    let convolution = RandomConvolution(seed: UInt64(seed), axes: seed % 3 + 1)
    let (operands, dy) = singles(convolution, times: factor)
    for tensor in tensors {
      let (found, exact) = try magnitudes(try convolution.layer(), tensor, operands, dy)
      #expect(
        zip(found, exact).allSatisfy { $0 >= $1 && $0 <= $1 * 1.001 + 1e-40 },
        "\(convolution), \(tensor)")
    }
  }
}

// Without a bias, places that no tap reaches, and single taps on zeros, add up nothing else.
@Test func `a magnitude of zeros is zero`() throws {
  var zeros = 0
  for seed in 1...50 {
    let convolution = RandomConvolution(seed: UInt64(seed), axes: seed % 3 + 1)
    var (operands, dy) = singles(convolution, times: 1)
    operands.parameters["bias"] = operands.parameters["bias"]?.map { _ in 0 }
    operands.parameters["weight"]?[0] = 0
    operands.inputs[0][0] = 0
    dy[0] = 0
    for tensor in tensors {
      let (found, exact) = try magnitudes(try convolution.layer(), tensor, operands, dy)
      zeros += exact.count { $0 == 0 }
      #expect(zip(found, exact).allSatisfy { ($0 == 0) == ($1 == 0) }, "\(convolution), \(tensor)")
    }
  }
  #expect(zeros > 100)
}

// The products of 10³⁰ do not fit, and 0.1 is rounded.
@Test(arguments: [1e30, nil])
func `what single precision does not hold is added in double`(_ factor: Double?) throws {
  for seed in 1...50 {
    let convolution = RandomConvolution(seed: UInt64(seed))
    var (operands, dy) = singles(convolution, times: factor ?? 1)
    if factor == nil {
      for name in ["weight", "bias"] { operands.parameters[name]?[0] = 0.1 }
    }
    for tensor in tensors.dropLast() {
      let (found, exact) = try magnitudes(try convolution.layer(), tensor, operands, dy)
      // A sum that no tap reaches, or a single bias, may fit.
      let fits = exact.allSatisfy { Float($0).isFinite } && factor != nil
      #expect(fits || found == exact, "\(convolution), \(tensor)")
    }
    dy[0] = .nan
    let (found, exact) = try magnitudes(
      try convolution.layer(), .inputGradient(0), operands, dy)
    #expect(
      zip(found, exact).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) }, "\(convolution)")
  }
}
