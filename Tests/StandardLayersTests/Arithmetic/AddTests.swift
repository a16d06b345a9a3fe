import LayerKit
import Tensors
import Testing

@Test func `Add by hand`() throws {
  // A row [3] is added to both rows of a [2, 3] tensor; its gradient is the sum over the rows:
  // (1 + 4, 2 + 5, 3 + 6).
  let x = Tensor<Double>([2, 3], [1, 2, 3, 4, 5, 6])
  let found = try Application("Add", on: [x, .row(10, 20, 30)], upstream: x)
  #expect(found.output == [11, 22, 33, 14, 25, 36])
  #expect(found.gradient(0) == [1, 2, 3, 4, 5, 6])
  #expect(found.gradient(1) == [5, 7, 9])
}

@Test func `Add of a row and a column`() throws {
  // [2, 1] + [3] → [2, 3]: dy is summed along the rows for the column, and down them for the row.
  let dy = Tensor<Double>([2, 3], [1, 2, 3, 4, 5, 6])
  let found = try Application(
    "Add", on: [Tensor<Double>([2, 1], [100, 200]), .row(1, 2, 3)], upstream: dy)
  #expect(found.output == [101, 102, 103, 201, 202, 203])
  #expect(found.gradients[0] == Tensor<Double>([2, 1], [6, 15]))
  #expect(found.gradients[1] == .row(5, 7, 9))
}

@Test func `Add of three inputs, one of them a scalar`() throws {
  let found = try Application(
    "Add", on: [.row(1, 2), Tensor<Double>(scalar: 10), .row(100, 200)], upstream: .row(3, 4))
  #expect(found.output == [111, 212])
  #expect(found.gradients.map { $0?.elements } == [[3, 4], [7], [3, 4]])
}

@Test func `Mul by hand`() throws {
  // [2, 3]·[2, 1]: dx₀ = dy·x₁; dx₁ sums dy·x₀ along each row: 1·1 + 1·2 + 1·3 = 6,
  // 2·4 + 2·5 + 2·6 = 30.
  let x = Tensor<Double>([2, 3], [1, 2, 3, 4, 5, 6])
  let dy = Tensor<Double>([2, 3], [1, 1, 1, 2, 2, 2])
  let found = try Application("Mul", on: [x, Tensor<Double>([2, 1], [10, 100])], upstream: dy)
  #expect(found.output == [10, 20, 30, 400, 500, 600])
  #expect(found.gradient(0) == [10, 10, 10, 200, 200, 200])
  #expect(found.gradients[1] == Tensor<Double>([2, 1], [6, 30]))
}

@Test func `Mul of one tensor with itself has both gradients`() throws {
  // d(x·x) = x·dy for each of the two places; the graph adds them up to 2x·dy.
  let found = try Application("Mul", on: [.row(3), .row(3)], upstream: .row(5))
  #expect(found.gradients.map { $0?.elements } == [[15], [15]])
}

@Test(arguments: ["Add", "Div", "Mul", "Sub"])
func `tensors without elements broadcast`(_ kind: String) throws {
  let empty = Tensor<Double>([2, 0], [Double]())
  let found = try Application(kind, on: [empty, Tensor<Double>([2, 1], [1, 2])], upstream: empty)
  #expect(found.outputs[0] == empty)
  // A sum of nothing.
  #expect(found.gradients[1] == Tensor<Double>([2, 1], [0, 0]))
}

@Test func `the gradient of a stretched operand is the same on any number of threads`() throws {
  let before = Parallel.threads
  defer { Parallel.threads = before }
  let x = Tensor<Float>([4, 30, 1_000], (0..<120_000).map { Float(($0 * 7_919) % 1_009) / 1_009 })
  let s = Tensor<Float>([4, 30, 1], (0..<120).map { Float($0) / 7 })
  let layer = try Application.layer("Mul")
  let wanted = GradientRequest(inputs: [0, 1], parameters: [])
  let gradients = try [1, 2, 3].map { threads in
    Parallel.threads = threads
    return try layer.single.backward(Operands(inputs: [x, s]), [x], wanted).inputs
  }
  #expect(gradients[1] == gradients[0])
  #expect(gradients[2] == gradients[0])
}
