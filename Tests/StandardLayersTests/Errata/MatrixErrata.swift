// Statements of matrix calculus about Z = W·A + b as published texts make them.

import Conformance
import LayerKit
import StandardLayers
import Tensors
import Testing

private func product(_ a: Tensor<Double>, _ b: Tensor<Double>) -> Tensor<Double> {
  var c = Tensor([a.shape[0], b.shape[1]], repeating: 0.0)
  for i in 0..<a.shape[0] {
    for j in 0..<b.shape[1] {
      for k in 0..<a.shape[1] { c[i, j] += a[i, k] * b[k, j] }
    }
  }
  return c
}

private func transposed(_ a: Tensor<Double>) -> Tensor<Double> { a.permuted([1, 0]) }

private func identity(_ n: Int) -> Tensor<Double> {
  Tensor([n, n], (0..<n * n).map { $0 / n == $0 % n ? 1 : 0 })
}

/// The Kronecker product.
private func kronecker(_ a: Tensor<Double>, _ b: Tensor<Double>) -> Tensor<Double> {
  var c = Tensor([a.shape[0] * b.shape[0], a.shape[1] * b.shape[1]], repeating: 0.0)
  for i in 0..<c.shape[0] {
    for j in 0..<c.shape[1] {
      c[i, j] = a[i / b.shape[0], j / b.shape[1]] * b[i % b.shape[0], j % b.shape[1]]
    }
  }
  return c
}

/// The elements row by row, or column by column, as one column.
private func rowVector(_ a: Tensor<Double>) -> Tensor<Double> { a.reshaped(to: [a.count, 1]) }
private func columnVector(_ a: Tensor<Double>) -> Tensor<Double> { rowVector(transposed(a)) }

/// Matrices W (m×k) and A (k×n) and a direction of W, of every small size.
private struct Matrices {
  let w: Tensor<Double>
  let a: Tensor<Double>
  let dw: Tensor<Double>
  var samples: Int { a.shape[1] }

  static let all: [Matrices] = (1...6).flatMap { m in
    (1...6).flatMap { k in
      (1...6).map { n in
        var random = RandomOperands(seed: UInt64(m * 100 + k * 10 + n), style: .integers)
        return Matrices(
          w: random.tensor([m, k]), a: random.tensor([k, n]), dw: random.tensor([m, k]))
      }
    }
  }
}

@Test func `the change of a linear layer with its weight is dW·A`() {
  var right = 0
  for each in Matrices.all {
    // Z is linear in W: its change is that of W put in place of W, exactly.
    let moved = product(each.w.zip(each.dw, +), each.a)
    let dz = moved.zip(product(each.w, each.a), -)
    #expect(product(each.dw, each.a) == dz)
    // Published: dZ = W·dA, which is the change with A.
    if product(each.w, each.a) == dz { right += 1 }
  }
  #expect(right * 10 <= Matrices.all.count)
}

@Test func `the vector of a product depends on the order of its elements`() {
  for each in Matrices.all {
    let z = product(each.w, each.a)
    let (m, n) = (each.w.shape[0], each.samples)
    // vec(WA) = (Aᵀ ⊗ I)·vec(W) column by column, and (I ⊗ Aᵀ)·vec(W) row by row.
    #expect(
      product(kronecker(transposed(each.a), identity(m)), columnVector(each.w)) == columnVector(z))
    #expect(product(kronecker(identity(m), transposed(each.a)), rowVector(each.w)) == rowVector(z))
    // Published: the first without saying which order; row by row it is another matrix.
    let mixed = product(kronecker(transposed(each.a), identity(m)), rowVector(each.w))
    if m > 1, n > 1, each.w.shape[1] > 1, mixed == rowVector(z) {
      #expect(Set(each.w.elements).count < each.w.count, "\(each)")
    }
  }
}

@Test func `the gradient of an activation is taken element by element`() {
  for each in Matrices.all {
    let (da, z) = (each.a, each.a.map { hyperbolicTangent($0) })
    let slope = z.map { 1 - $0 * $0 }
    let hadamard = da.zip(slope, *)
    for n in 0..<each.samples {
      // Published: dA·diag(g′), one diagonal for all samples; right for each sample alone, with the
      // diagonal on the left: diag(g′)·dA.
      let column = Tensor([da.shape[0], 1], (0..<da.shape[0]).map { da[$0, n] })
      var diagonal = Tensor([da.shape[0], da.shape[0]], repeating: 0.0)
      for i in 0..<da.shape[0] { diagonal[i, i] = slope[i, n] }
      let corrected = product(diagonal, column)
      #expect(corrected.elements == (0..<da.shape[0]).map { hadamard[$0, n] })
    }
  }
}

@Test func `the bias gradient of a linear layer is a sum over samples`() throws {
  let layer = try Application.layer("Linear")
  var differ = 0
  for each in Matrices.all {
    let (x, dy) = (transposed(each.a), transposed(product(each.w, each.a)))
    let operands = Operands(
      inputs: [x], parameters: ["weight": each.w, "bias": Tensor([each.w.shape[0]], repeating: 0)])
    let gradients = try layer.double.backward(
      operands, [dy], GradientRequest(inputs: [0], parameters: ["weight", "bias"]))
    let ones = Tensor([1, each.samples], repeating: 1.0)
    let db = try #require(gradients.parameters["bias"])
    #expect(product(ones, dy).elements == db.elements)
    // Published: db = δ, which has one row for each sample.
    if each.samples == 1 { #expect(dy.elements == db.elements) } else { differ += 1 }
    if each.samples > 1 { #expect(dy.shape != [1, db.count]) }
    #expect(gradients.inputs[0] == product(dy, each.w))
    #expect(gradients.parameters["weight"] == product(transposed(dy), x))
  }
  #expect(differ > 100)
}
