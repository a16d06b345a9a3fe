import Tensors
import Testing

@Test func `a transposed matrix`() {
  let matrix = Tensor([2, 3], [1, 2, 3, 4, 5, 6])
  #expect(matrix.permuted([1, 0]) == Tensor([3, 2], [1, 4, 2, 5, 3, 6]))
}

@Test(
  arguments: [
    [0, 1, 2, 3], [3, 2, 1, 0], [0, 2, 3, 1], [0, 3, 1, 2], [1, 0, 2, 3], [2, 3, 0, 1],
    [3, 0, 2, 1],
  ])
func `every element goes where the order says`(_ order: [Int]) {
  let tensor = Tensor([2, 3, 4, 5], Array(0..<120))
  let permuted = tensor.permuted(order)
  #expect(permuted.shape.extents == order.map { tensor.shape[$0] })
  for offset in 0..<permuted.count {
    let target = permuted.shape.index(at: offset)
    var source = [0, 0, 0, 0]
    for (k, axis) in order.enumerated() { source[axis] = target[k] }
    #expect(permuted[offset] == tensor[source[0], source[1], source[2], source[3]])
  }
  // The inverse order leads back.
  let inverse = order.indices.map { axis in order.firstIndex(of: axis) ?? 0 }
  #expect(permuted.permuted(inverse) == tensor)
}

@Test func `scalars, empty tensors and axes of one`() {
  #expect(Tensor(scalar: 3).permuted([]) == Tensor(scalar: 3))
  let empty = Tensor([2, 0, 3], [Int]())
  #expect(empty.permuted([2, 0, 1]) == Tensor([3, 2, 0], []))
  let thin = Tensor([1, 4, 1], [1, 2, 3, 4])
  #expect(thin.permuted([2, 0, 1]) == Tensor([1, 1, 4], [1, 2, 3, 4]))
}

@Test func `an order that repeats an axis ends the program`() async {
  await #expect(processExitsWith: .failure) { _ = Tensor([2, 2], [1, 2, 3, 4]).permuted([0, 0]) }
  await #expect(processExitsWith: .failure) { _ = Tensor([2, 2], [1, 2, 3, 4]).permuted([0]) }
}
