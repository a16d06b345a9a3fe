import Conformance
import Kernels
import LayerKit
import Tensors
import Testing

/// y = softmax(w·x) of each row of two, and its sum over everything, so that entries of all sorts are
/// there: of one element, of some, of all.
private struct Shares: Layer {
  static let signature = Signature(kind: "test.Shares", parameters: [.init("weight")])
  static let examples: [LayerExample] = []

  init(_ hyperparameters: inout HyperparameterReader) {}

  func outputShapes(_ operands: OperandShapes) throws -> [Shape] { [operands.inputs[0], []] }

  func define<S: Scalar>(_ operands: Operands<S>) -> Results<S> {
    let z = operands.parameter("weight").zip(operands.inputs[0]) { $0 * $1 }
    var y = z.map { S.exp($0) }
    var total = S.zero
    for row in stride(from: 0, to: y.count, by: 2) {
      let sum = y[row] + y[row + 1]
      for index in row..<row + 2 {
        y[index] = y[index] / sum
        total += S.power(y[index], 2) * z[index]
      }
    }
    return Results([y, Tensor(scalar: total)])
  }

  func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> {
    Gradients(inputs: [nil])
  }

  func bound(_ question: BoundQuestion) -> ErrorBound { .exact }
}

private let operands = Operands(
  inputs: [Tensor([3, 2], [0.5, -1, 2, 0.25, -0.75, 1.5])],
  parameters: ["weight": Tensor([3, 2], [1, 2, -0.5, 0.125, 3, -1])])

/// The entries that dual numbers give, one direction after the other.
private func columns(_ layer: AnyLayer, _ gradient: ResultTensor) throws -> [[Double]] {
  let define = try #require(layer.defineDual)
  return (0..<6).map { element in
    var moved = operands.mapTensors { $0.map { Dual($0) } }
    moved[operandOf: gradient][element].derivative = 1
    return define(moved).outputs.flatMap { $0.elements.map(\.derivative) }
  }
}

/// With room, and with so little of it that dual numbers must give the columns.
@Test(arguments: [1 << 16, 40])
func `all entries are those of dual numbers`(capacity: Int) throws {
  let layer = try LayerDefinition(Shares.self).layer([:])
  let jacobian = try #require(try DefinitionJacobian(layer, operands, capacity: capacity))
  #expect((jacobian.rowCount, jacobian.columnCount) == (7, 12))
  for (gradient, range) in jacobian.columns {
    let expected = try columns(layer, gradient)
    let found = jacobian.columns(of: gradient)
    #expect(found.map(\.count) == expected.map(\.count))
    for (column, other) in zip(found, expected) {
      for (a, b) in zip(column, other) { #expect((a - b).magnitude <= 1e-15) }
    }
    // A share depends on its own row alone: the others are zero, not small.
    #expect(found[0][2...5] == [0, 0, 0, 0])
    var row = [Double](repeating: .nan, count: 12)
    row.withUnsafeMutableBufferPointer { jacobian.write(row: 6, to: $0) }
    #expect(Array(row[range]) == found.map { $0[6] })
  }
}

@Test func `a layer without a definition has no Jacobian by it`() throws {
  let layer = try LayerDefinition(Shares.self).layer([:])
  let foreign = AnyLayer(
    signature: layer.signature, kinks: [], formula: "", single: layer.single,
    double: layer.double, shapeRule: { _ in [] },
    boundRule: { (_) throws(LayerFailure) in .exact })
  let none = try DefinitionJacobian(foreign, operands)
  #expect(none == nil)
  let dual = AnyLayer(
    signature: layer.signature, kinks: [], formula: "", single: layer.single,
    double: layer.double, defineDual: layer.defineDual, shapeRule: { _ in [] },
    boundRule: { (_) throws(LayerFailure) in .exact })
  #expect(try DefinitionJacobian(dual, operands)?.rowCount == 7)
}
