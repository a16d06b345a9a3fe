import Tensors
import Testing

private let matrix = Tensor([2, 3], [1.0, 2, 3, 4, 5, 6])

@Test func `elements are addressed in row-major order`() {
  #expect(matrix.count == 6)
  #expect(matrix[4] == 5)
  #expect(matrix[1, 2] == 6)
  let cube = Tensor([2, 3, 4], Array(0..<24))
  #expect(cube[1, 2, 3] == 23)
  #expect(cube[0, 1, 2] == 6)
  let image = Tensor([2, 3, 4, 5], Array(0..<120))
  #expect(image[1, 2, 3, 4] == 119)
  #expect(image[1, 0, 2, 3] == 60 + 13)
}

@Test func `elements are written where they are read`() {
  var matrix = matrix
  matrix[1, 0] = 40
  matrix[0] = 10
  #expect(matrix.elements == [10, 2, 3, 40, 5, 6])
  var cube = Tensor([2, 2, 2], repeating: 0)
  cube[1, 0, 1] = 7
  var image = Tensor([1, 2, 2, 2], repeating: 0)
  image[0, 1, 0, 1] = 7
  #expect(cube.elements == [0, 0, 0, 0, 0, 7, 0, 0])
  #expect(image.elements == cube.elements)
}

@Test func `a scalar has one element and no axis`() {
  let scalar = Tensor(scalar: 3.5)
  #expect(scalar.shape == .scalar)
  #expect(scalar.elements == [3.5])
}

@Test func `reshaping keeps the order`() {
  #expect(matrix.reshaped(to: [3, 2]) == Tensor([3, 2], [1, 2, 3, 4, 5, 6]))
}

@Test func `map and zip work element by element`() {
  #expect(matrix.map { Int($0) * 2 } == Tensor([2, 3], [2, 4, 6, 8, 10, 12]))
  let other = Tensor([2, 3], [6, 5, 4, 3, 2, 1])
  #expect(matrix.zip(other) { $0 * Double($1) } == Tensor([2, 3], [6, 10, 12, 12, 10, 6]))
}

@Test func `tensors of equal elements and unequal shapes differ`() {
  #expect(matrix != matrix.reshaped(to: [6]))
  #expect(matrix == matrix.map { $0 })
}

@Test func `a count that is not that of the shape ends the program`() async {
  await #expect(processExitsWith: .failure) { _ = Tensor([2, 3], [1, 2]) }
  await #expect(processExitsWith: .failure) { _ = Tensor([2], [1, 2]).reshaped(to: [3]) }
  await #expect(processExitsWith: .failure) {
    var tensor = Tensor([2], [1, 2])
    tensor.elements.append(3)
  }
}

@Test func `a zip of unequal shapes ends the program`() async {
  await #expect(processExitsWith: .failure) {
    _ = Tensor([2], [1, 2]).zip(Tensor([1, 2], [1, 2])) { $0 + $1 }
  }
  await #expect(processExitsWith: .failure) {
    _ = Tensor([2], [1, 2]).zipInParallel(Tensor([1, 2], [1, 2])) { $0 + $1 }
  }
}
