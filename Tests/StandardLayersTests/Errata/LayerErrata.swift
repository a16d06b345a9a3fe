// Statements about pools, activations, linear layers and the chain of layers as published texts
// make them, where each of them holds, and its correction.

import Conformance
import LayerKit
import StandardLayers
import Tensors
import Testing

/// The gradient of the input of a layer without parameters.
private func inputGradient(
  _ kind: String, _ hyperparameters: [String: HyperparameterValue], _ x: Tensor<Double>,
  _ dy: Tensor<Double>
) throws -> Tensor<Double> {
  let layer = try Application.layer(kind, hyperparameters)
  let gradients = try layer.double.backward(
    Operands(inputs: [x]), [dy], GradientRequest(inputs: [0], parameters: []))
  return try #require(gradients.inputs[0])
}

/// A pool, its extents, and the mask M of the texts: the weight of a cell in the window over it.
private struct Pool {
  let kind: String
  let kernel: Int
  let stride: Int
  let extent: Int
  var output: Int { (extent - kernel) / stride + 1 }
  /// Whether no cell lies in two windows.
  var windowsAreApart: Bool { kernel <= stride || output == 1 }

  static let all: [Pool] = ["MaxPool2d", "AvgPool2d", "SumPool2d"].flatMap { kind in
    (1...4).flatMap { kernel in
      (1...4).flatMap { stride in
        (kernel...8).map { Pool(kind: kind, kernel: kernel, stride: stride, extent: $0) }
      }
    }
  }

  var hyperparameters: [String: HyperparameterValue] {
    ["kernel_size": .integer(kernel), "stride": .integer(stride)]
  }

  /// M ⊙ upsample(δ): each cell gets the gradient of one window alone, that with the number ⌊y/S⌋.
  func masked(_ x: Tensor<Double>, _ dy: Tensor<Double>) -> Tensor<Double> {
    var dx = x.map { _ in 0.0 }
    for y in 0..<extent {
      for v in 0..<extent {
        let (i, j) = (min(y / stride, output - 1), min(v / stride, output - 1))
        dx[0, 0, y, v] = weight(x, y, v, i, j) * dy[0, 0, i, j]
      }
    }
    return dx
  }

  /// The sum over every window that contains the cell.
  func scattered(_ x: Tensor<Double>, _ dy: Tensor<Double>) -> Tensor<Double> {
    var dx = x.map { _ in 0.0 }
    for i in 0..<output {
      for j in 0..<output {
        for y in i * stride..<i * stride + kernel {
          for v in j * stride..<j * stride + kernel {
            dx[0, 0, y, v] += weight(x, y, v, i, j) * dy[0, 0, i, j]
          }
        }
      }
    }
    return dx
  }

  /// M: the weight of a cell in a window; for a maximum, whether it is the first largest.
  private func weight(_ x: Tensor<Double>, _ y: Int, _ v: Int, _ i: Int, _ j: Int) -> Double {
    guard (i * stride..<i * stride + kernel).contains(y),
      (j * stride..<j * stride + kernel).contains(v)
    else { return 0 }
    switch kind {
    case "SumPool2d": return 1
    case "AvgPool2d": return 1 / Double(kernel * kernel)
    default:
      var largest = (i * stride, j * stride)
      for p in 0..<kernel {
        for q in 0..<kernel
        where x[0, 0, i * stride + p, j * stride + q] > x[0, 0, largest.0, largest.1] {
          largest = (i * stride + p, j * stride + q)
        }
      }
      return largest == (y, v) ? 1 : 0
    }
  }
}

@Test func `the gradient of a pool is added up over the windows that contain a cell`() throws {
  var (outside, right) = (0, 0)
  for (seed, pool) in Pool.all.enumerated() {
    var random = RandomOperands(seed: UInt64(seed))
    let x = random.tensor([1, 1, pool.extent, pool.extent])
    let dy = random.tensor([1, 1, pool.output, pool.output])
    let truth = try inputGradient(pool.kind, pool.hyperparameters, x, dy)
    #expect(pool.scattered(x, dy).relativeDifference(from: truth) <= 1e-15)
    let isRight = pool.masked(x, dy).relativeDifference(from: truth) <= 1e-15
    if pool.windowsAreApart { #expect(isRight, "\(pool)") } else { outside += 1 }
    if !pool.windowsAreApart && isRight { right += 1 }
  }
  #expect(outside > 50 && right * 10 <= outside, "\(right) of \(outside)")
}

@Test func `the derivative of the activation before a pool belongs to that activation`() throws {
  // Published: δ = M ⊙ upsample(δ′) for z → tanh → pool. Right: the same times σ′(z).
  var random = RandomOperands(seed: 30)
  for _ in 0..<50 {
    let (z, dy) = (random.tensor([1, 1, 6, 6]), random.tensor([1, 1, 3, 3]))
    let tanh = try Application.layer("Tanh")
    let x = try tanh.double.forward(Operands(inputs: [z])).outputs[0]
    let dx = try inputGradient("MaxPool2d", ["kernel_size": 2], x, dy)
    let dz = try inputGradient("Tanh", [:], z, dx)
    let corrected = dx.zip(x) { $0 * (1 - $1 * $1) }
    #expect(corrected.relativeDifference(from: dz) <= 1e-14)
    #expect(dx.relativeDifference(from: dz) > 1e-3)
  }
}

@Test func `the derivative of softmax is a matrix, not a factor for each element`() throws {
  var random = RandomOperands(seed: 31)
  for _ in 0..<60 {
    let (z, g) = (random.tensor([4, 5]), random.tensor([4, 5]))
    let p = try Application.layer("Softmax", ["dim": 1]).double.forward(Operands(inputs: [z]))
      .outputs[0]
    let truth = try inputGradient("Softmax", ["dim": 1], z, g)
    // Published: δ = diag(σ′)·E′. Right: p ⊙ (E′ − ⟨p, E′⟩).
    let published = p.zip(g) { $0 * (1 - $0) * $1 }
    var corrected = p
    for n in 0..<4 {
      let mean = (0..<5).reduce(0.0) { $0 + p[n, $1] * g[n, $1] }
      for c in 0..<5 { corrected[n, c] = p[n, c] * (g[n, c] - mean) }
    }
    #expect(corrected.relativeDifference(from: truth) <= 1e-13)
    #expect(published.relativeDifference(from: truth) > 1e-3)
  }
  // For an activation that works on each element alone the published form is right.
  let (z, g) = (random.tensor([4, 5]), random.tensor([4, 5]))
  let factor = z.map { 1 - hyperbolicTangent($0) * hyperbolicTangent($0) }.zip(g, *)
  #expect(try factor.relativeDifference(from: inputGradient("Tanh", [:], z, g)) <= 1e-14)
}

@Test func `the derivative of an activation is taken at its own input`() throws {
  // Two layers z₁ = w₁·x, z₂ = w₂·σ₁(z₁) of one neuron each. Published: σ₂′ at z₁.
  let (x, w1, w2) = (0.7, 1.3, -0.4)
  let dual = Dual(x, derivative: 1)
  let y = Dual.tanh(Dual(w2) * logistic(Dual(w1) * dual))
  let z1 = w1 * x
  let s = logistic(Dual(z1)).value
  let z2 = w2 * s
  let (tanh2, tanh1) = (
    1 - hyperbolicTangent(z2) * hyperbolicTangent(z2),
    1 - hyperbolicTangent(z1) * hyperbolicTangent(z1)
  )
  let corrected = tanh2 * w2 * (s * (1 - s)) * w1
  let published = tanh2 * w2 * tanh1 * w1
  #expect((corrected - y.derivative).magnitude <= 1e-15)
  #expect((published - y.derivative).magnitude > 1e-3)
}

private func logistic(_ x: Dual) -> Dual { .one / (.one + .exp(-x)) }
