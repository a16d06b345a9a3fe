import LayerKit
import StandardLayers
import Tensors
import Testing

private let table = tensor([3, 2], "3 4  0 0.5  6 8")

private func operands(_ indices: Tensor<Double>) -> Operands<Double> {
  Operands(inputs: [indices], parameters: ["weight": table])
}

// |3 4| = 5 and |6 8| = 10 are shortened to 1, |0 0.5| is not.
@Test func `rows above the largest norm are shortened`() throws {
  let layer = try Application.layer("Embedding", ["max_norm": 1])
  let y = try layer.double.forward(operands(.row(0, 1, 2))).outputs[0]
  let expected = Tensor([3, 2], [3 / 5.0000001, 4 / 5.0000001, 0, 0.5, 0.6, 0.8])
  #expect(y.relativeDifference(from: expected) < 1e-8)
  #expect(y.elements[2...3] == [0, 0.5])
}

// Rows that the forward pass has shortened may be a rounding longer than the largest norm.
@Test func `rows that are short already stay, within the bound`() throws {
  let layer = try Application.layer("Embedding", ["max_norm": 5])
  let x = operands(.row(0, 1))
  let y = try layer.double.forward(x).outputs[0]
  #expect(y.elements == [3, 4, 0, 0.5])
  let question = BoundQuestion(
    .output(0), operands: x, upstream: [], computed: y, rounding: Rounding(.float32))
  guard case .elementwise(let limits) = try layer.bound(question) else {
    Issue.record("each element has a bound of its own")
    return
  }
  // The row at the limit may be shortened by 1e-7/5 and some roundings; the other is copied.
  #expect(limits.elements[..<2].allSatisfy { $0 > 0 && $0 < 1e-5 })
  #expect(limits.elements[2...] == [0, 0])
}

@Test(arguments: [3, -1, 0.5, Double.nan])
func `an index that is no row is refused`(_ index: Double) throws {
  let layer = try Application.layer("Embedding")
  var found: LayerProblem?
  do { try layer.double.checkValues(operands(.row(0, index))) } catch let problem as LayerProblem {
    found = problem
  }
  guard case .wrongValue("input", index: [1], _, allowed: "a row from 0 to 2") = found else {
    Issue.record("\(index) was not refused: \(String(describing: found))")
    return
  }
}
