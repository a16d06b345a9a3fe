import LayerKit
import Tensors

/// The rows of a layer's Jacobian by its backward pass: Jᵀ·e for an upstream gradient e that is one at
/// a single element of the outputs.
struct BackwardRows: Sendable {
  private let layer: AnyLayer
  private let operands: Operands<Double>
  private let wanted: GradientRequest
  /// The shape of each wanted gradient, in the order of the definition's columns.
  private let shapes: [Shape]
  /// Upstream gradients of zero.
  private let silent: [Tensor<Double>]

  /// The number of elements of all outputs.
  let count: Int

  init(_ layer: AnyLayer, _ operands: Operands<Double>, outputs: [Shape]) {
    (self.layer, self.operands) = (layer, operands)
    wanted = layer.signature.gradients(of: operands)
    shapes = wanted.tensors.map { operands[operandOf: $0].shape }
    silent = outputs.map { Tensor($0, repeating: 0.0) }
    count = outputs.reduce(0) { $0 + $1.count }
  }

  /// Calls `body` with the gradients for each element of the outputs, which follow one another.
  private func forEach(
    _ range: Range<Int>, _ body: (Int, Gradients<Double>) -> Void
  ) throws(LayerFailure) {
    let operands = operands.copied
    var upstream = silent
    var (output, first) = (0, 0)
    for row in range {
      while row >= first + silent[output].count {
        first += silent[output].count
        output += 1
      }
      upstream[output][row - first] = 1
      let gradients = try layer.double.backward(operands, upstream, wanted)
      upstream[output][row - first] = 0
      body(row, gradients)
    }
  }

  /// The gradients of some rows.
  func gradients(_ range: Range<Int>) throws(LayerFailure) -> [Gradients<Double>] {
    var list: [Gradients<Double>] = []
    list.reserveCapacity(range.count)
    try forEach(range) { list.append($1) }
    return list
  }

  /// Computes some rows and compares each.
  func compare(
    _ range: Range<Int>, _ definition: DefinitionJacobian
  ) throws(LayerFailure) -> JacobianComparison {
    var comparison = JacobianComparison()
    var row = [Double](repeating: .nan, count: definition.columnCount)
    try forEach(range) { compare($0, $1, definition, &row, &comparison) }
    return comparison
  }

  /// Compares rows that have been computed.
  func compare(
    _ gradients: [Gradients<Double>], from first: Int, _ definition: DefinitionJacobian
  ) -> JacobianComparison {
    var comparison = JacobianComparison()
    var row = [Double](repeating: .nan, count: definition.columnCount)
    for (index, one) in gradients.enumerated() {
      compare(first + index, one, definition, &row, &comparison)
    }
    return comparison
  }

  private func compare(
    _ output: Int, _ gradients: Gradients<Double>, _ definition: DefinitionJacobian,
    _ row: inout [Double], _ comparison: inout JacobianComparison
  ) {
    row.withUnsafeMutableBufferPointer { row in
      // Outputs of another number than the definition's have no derivative to be held against.
      if definition.rowCount == count { definition.write(row: output, to: row) }
      for (index, (gradient, range)) in definition.columns.enumerated() {
        let backward = gradients[gradient].flatMap {
          $0.shape == shapes[index] ? $0.elements : nil
        }
        comparison.compare(
          backward ?? [Double](repeating: .nan, count: range.count),
          UnsafeBufferPointer(rebasing: row[range]),
          JacobianComparison.Position(gradient: index, element: 0, output: output), gradient)
      }
    }
  }
}

extension Gradients<Double> {
  fileprivate subscript(gradient: ResultTensor) -> Tensor<Double>? {
    switch gradient {
    case .inputGradient(let index): inputs[index]
    case .parameterGradient(let name): parameters[name]
    case .output, .buffer: nil
    }
  }
}

extension Operands<Double> {
  /// The same operands in memory of their own: threads that count references to shared ones wait for
  /// each other, and a call of a small layer counts dozens.
  fileprivate var copied: Operands<Double> {
    mapTensors { tensor in
      Tensor(
        Shape(Array(count: tensor.shape.rank) { tensor.shape[$0] }),
        Array(count: tensor.count) { tensor[$0] })
    }
  }
}
