import LayerKit
import Tensors
import Testing

@Test(
  arguments: [
    // Python's own rules: list(range(7))[start:stop:step].
    ([:], [0, 1, 2, 3, 4, 5, 6]),
    (["start": 2, "stop": 5], [2, 3, 4]),
    (["start": -3], [4, 5, 6]),
    (["stop": -3], [0, 1, 2, 3]),
    (["start": 1, "step": 3], [1, 4]),
    (["start": -100, "stop": 100, "step": 2], [0, 2, 4, 6]),
    (["start": 5, "stop": 2], []),
    (["start": 7], []),
    (["stop": -7], []),
    (["start": "none", "stop": "none", "step": "none"], [0, 1, 2, 3, 4, 5, 6]),
  ] as [([String: HyperparameterValue], [Double])])
func `Slice follows Python`(
  _ hyperparameters: [String: HyperparameterValue], _ expected: [Double]
) throws {
  let x = Tensor<Double>([7], (0..<7).map { Double($0) })
  let upstream = Tensor([expected.count], expected.map { 10 * $0 + 1 })
  let found = try Application("Slice", hyperparameters, on: [x], upstream: upstream)
  #expect(found.output == expected)
  #expect(found.gradient() == x.elements.map { expected.contains($0) ? 10 * $0 + 1 : 0 })
}

@Test func `Slice along an inner axis`() throws {
  // Columns 0 and 2 of two rows.
  let x = Tensor<Double>([2, 3], [1, 2, 3, 4, 5, 6])
  let found = try Application(
    "Slice", ["dim": 1, "step": 2], on: [x], upstream: Tensor<Double>([2, 2], [7, 8, 9, 10]))
  #expect(found.output == [1, 3, 4, 6])
  #expect(found.gradient() == [7, 0, 8, 9, 0, 10])
}

@Test(
  arguments: [
    (2, [2, 2, 1]), (5, [5]), (9, [5]), (1, [1, 1, 1, 1, 1]), ([0, 4, 1], [0, 4, 1]),
    ([5], [5]), ([3], [3, 2]),
  ] as [(HyperparameterValue, [Int])])
func `Split cuts one size or a list of sizes`(
  _ sizes: HyperparameterValue, _ extents: [Int]
) throws {
  let layer = try Application.layer("Split", ["split_sizes": sizes, "dim": 1])
  let x = Tensor<Double>([2, 5], (0..<10).map { Double($0) })
  let operands = Operands(inputs: [x])
  #expect(try layer.outputShapes(operands.shapes) == extents.map { [2, $0] })
  let pieces = try layer.double.forward(operands).outputs
  // Row by row, the pieces hold the columns in order.
  for row in 0..<2 {
    let joined = pieces.flatMap { piece in
      (0..<piece.shape[1]).map { piece[row * piece.shape[1] + $0] }
    }
    #expect(joined == (0..<5).map { Double(5 * row + $0) })
  }
  let wanted = GradientRequest(inputs: [0], parameters: [])
  #expect(try layer.double.backward(operands, pieces, wanted).inputs == [x])
}

@Test func `Split of no extent gives one empty piece`() throws {
  let layer = try Application.layer("Split", ["split_sizes": 3])
  #expect(try layer.outputShapes(OperandShapes(inputs: [[0, 2]])) == [[0, 2]])
}

@Test(
  arguments: [
    (1, [2, 3], [2, 2, 3, 4]), (-3, [-1, 2], [3, 2, 3, 4]), (1, [6, 1], [2, 6, 1, 4]),
  ] as [(Int, [Int], Shape)])
func `Unflatten splits one axis`(_ dimension: Int, _ sizes: [Int], _ output: Shape) throws {
  let layer = try Application.layer(
    "Unflatten",
    ["dim": .integer(dimension), "unflattened_size": .list(sizes.map { .integer($0) })])
  let input: Shape = dimension == -3 ? [6, 3, 4] : [2, 6, 4]
  #expect(try layer.outputShapes(OperandShapes(inputs: [input])) == [output])
}

@Test func `Unfold and Fold by hand`() throws {
  // Computed with torch.nn 2.13: windows of 2 × 2 over 2 × 3 cells, one column of zeros at each
  // side, so one row of four windows.
  let image = Tensor<Double>([1, 1, 2, 3], [1, 2, 3, 4, 5, 6])
  let columns = Tensor<Double>([1, 4, 4], (1...16).map { Double($0) })
  let blocks: [String: HyperparameterValue] = ["kernel_size": 2, "padding": [0, 1]]
  let unfolded = [0, 1, 2, 3, 1, 2, 3, 0, 0, 4, 5, 6, 4, 5, 6, 0].map { Double($0) }
  // A cell lies in two windows: 2 + 5 = 7 is the first.
  let folded = [7.0, 9, 11, 23, 25, 27]
  let unfold = try Application("Unfold", blocks, on: [image], upstream: columns)
  #expect(unfold.output == unfolded)
  #expect(unfold.gradient() == folded)
  let fold = try Application(
    "Fold", blocks.merging(["output_size": [2, 3]]) { $1 }, on: [columns], upstream: image)
  #expect(fold.output == folded)
  #expect(fold.gradient() == unfolded)
}
