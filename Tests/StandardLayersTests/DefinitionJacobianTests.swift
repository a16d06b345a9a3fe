import Conformance
import LayerKit
import StandardLayers
import Tensors
import Testing

/// The derivatives of all outputs by one element of an operand, from dual numbers.
private func column(
  _ define: (Operands<Dual>) -> Results<Dual>, _ operands: Operands<Double>,
  _ gradient: ResultTensor, _ element: Int
) -> [Double] {
  var moved = operands.mapTensors { $0.map { Dual($0) } }
  switch gradient {
  case .inputGradient(let index): moved.inputs[index][element].derivative = 1
  case .parameterGradient(let name): moved.parameters[name]?[element].derivative = 1
  case .output, .buffer: break
  }
  return define(moved).outputs.flatMap { $0.elements.map(\.derivative) }
}

// Two evaluations of one definition: only the order of sums tells them apart.
@Test(arguments: Kind.all)
func `the definition has the same Jacobian in sparse dual numbers`(_ kind: Kind) throws {
  for example in kind.definition.examples where example.problem == nil {
    let layer = try kind.definition.layer(example.hyperparameters)
    var random = RandomOperands(seed: 91)
    let operands = random.operands(for: example, of: layer.signature)
    let define = try #require(layer.defineDual)
    #expect(layer.defineSparseDual != nil)
    let jacobian = try #require(try DefinitionJacobian(layer, operands))
    var rows = [[Double]](
      repeating: [Double](repeating: .nan, count: jacobian.columnCount), count: jacobian.rowCount)
    for row in rows.indices {
      rows[row].withUnsafeMutableBufferPointer { jacobian.write(row: row, to: $0) }
    }
    for (gradient, range) in jacobian.columns {
      // Up to eight elements of each operand, the first and the last among them.
      for element in Set((0..<8).map { (range.count - 1) * $0 / 7 }) where !range.isEmpty {
        let expected = column(define, operands, gradient, element)
        let found = rows.map { $0[range.lowerBound + element] }
        #expect(found.count == expected.count)
        let largest = expected.reduce(1e-300) { max($0, $1.magnitude) }
        for (a, b) in zip(found, expected) {
          let holds = (a - b).magnitude <= 1e-13 * largest || a.isNaN && b.isNaN || a == b
          #expect(holds, "\(kind), \(example.name), \(gradient) \(element): \(a), \(b)")
        }
      }
    }
  }
}
