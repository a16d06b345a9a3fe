import Foundation
import LayerKit
import Tensors
import Testing

/// Faults of softmax along the classes of a batch, from the formulas in the textbooks.
@Suite struct SoftmaxCausesTests {
  private let samples = 4
  private let classes = 6

  private func fault(_ kind: String, seed: UInt64 = 21) throws -> PlantedFault {
    var draw = Draw(seed: seed)
    let shape = Shape([samples, classes])
    return try PlantedFault(
      kind, ["dim": 1], Operands(inputs: [draw.tensor(shape)]), upstream: [draw.tensor(shape)])
  }

  /// A matrix row by row.
  private func rows(
    _ x: Tensor<Double>, _ dy: Tensor<Double>, _ row: ([Double], [Double]) -> [Double]
  ) -> Tensor<Double> {
    Tensor(
      x.shape,
      (0..<samples).flatMap { n in
        let range = n * classes..<(n + 1) * classes
        return row(Array(x.elements[range]), Array(dy.elements[range]))
      })
  }

  private func softmax(_ x: [Double]) -> [Double] {
    let largest = x.max() ?? 0
    let e = x.map { exp($0 - largest) }
    return e.map { $0 / e.reduce(0, +) }
  }

  private func jacobian(_ p: [Double], _ g: [Double]) -> [Double] {
    let product = zip(p, g).reduce(0) { $0 + $1.0 * $1.1 }
    return zip(p, g).map { $0 * ($1 - product) }
  }

  @Test func jacobianTwice() throws {
    try fault("Softmax").expect("softmax-jacobian-twice", in: [.inputGradient(0)]) { _, n in
      rows(n.x, n.dy) { jacobian(softmax($0), jacobian(softmax($0), $1)) }
    }
  }

  @Test func jacobianDiagonal() throws {
    try fault("Softmax").expect("softmax-jacobian-diagonal", in: [.inputGradient(0)]) { _, n in
      rows(n.x, n.dy) { zip(softmax($0), $1).map { $0 * (1 - $0) * $1 } }
    }
  }

  @Test func wrongAxis() throws {
    try fault("Softmax").expect("softmax-wrong-axis", in: [.output(0), .inputGradient(0)]) {
      tensor, n in
      var result = n.x
      for c in 0..<classes {
        let p = softmax((0..<samples).map { n.x[$0, c] })
        let dx = jacobian(p, (0..<samples).map { n.dy[$0, c] })
        for i in 0..<samples { result[i, c] = tensor == .output(0) ? p[i] : dx[i] }
      }
      return result
    }
  }

  @Test func logarithm() throws {
    try fault("Softmax").expect("softmax-log-mixed", in: [.output(0), .inputGradient(0)]) {
      tensor, n in
      rows(n.x, n.dy) { x, g in
        let p = softmax(x)
        return tensor == .output(0)
          ? x.map { $0 - (x.max() ?? 0) - log(x.reduce(0) { $0 + exp($1 - (x.max() ?? 0)) }) }
          : zip(p, g).map { $1 - $0 * g.reduce(0, +) }
      }
    }
    // A saturated softmax has a gradient of zero, which has a name of its own.
    try fault("LogSoftmax").expect(
      "softmax-log-mixed", in: [.output(0), .inputGradient(0)], scales: [1, 1e-3]
    ) { tensor, n in
      rows(n.x, n.dy) { tensor == .output(0) ? softmax($0) : jacobian(softmax($0), $1) }
    }
  }

  @Test func oneClassHidesAll() throws {
    let one = Tensor<Double>([4, 1], [1, 2, 3, 4])
    let fault = try PlantedFault("Softmax", ["dim": 1], Operands(inputs: [one]), upstream: [one])
    for id in ["softmax-jacobian-twice", "softmax-jacobian-diagonal"] {
      try fault.expectHidden(id, in: .inputGradient(0)) { n in n.dy.map { _ in 0 } }
    }
  }

  @Test func rightResultsGetNoCause() throws {
    for kind in ["Softmax", "LogSoftmax", "Softmin"] {
      try fault(kind).expectNoCause(in: [.output(0), .inputGradient(0)])
      try fault(kind).scaled(40).expectNoCause(in: [.output(0), .inputGradient(0)])
    }
  }
}
