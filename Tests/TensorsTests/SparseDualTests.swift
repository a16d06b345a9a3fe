import Tensors
import Testing

/// The derivatives of a number in all directions.
private func derivatives(_ number: SparseDual, _ directions: SparseDirections) -> [Double] {
  var row = [Double](repeating: .infinity, count: directions.count)
  row.withUnsafeMutableBufferPointer { directions.write(number, to: $0) }
  return row
}

/// Whether two numbers are equal, or both NaN.
private func same(_ a: Double, _ b: Double) -> Bool { a == b || a.isNaN && b.isNaN }

/// A computation with numbers of any kind, drawn at random: additions, products and choices of whole
/// numbers, which are exact, so that the order of sums does not show.
private struct Program {
  let steps: [(operation: Int, first: Int, second: Int)]

  init(steps count: Int, seed: UInt64, variables: Int) {
    var state = seed
    func draw(_ limit: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % limit
    }
    steps = (0..<count).map { step in
      // Recent numbers more often, so that sums grow long.
      let known = variables + step
      return (draw(11), draw(3) == 0 ? draw(known) : known - 1 - draw(3), draw(known))
    }
  }

  func run<S: Scalar>(_ variables: [S], constants: [Double]) -> [S] {
    var numbers = variables
    for (operation, first, second) in steps {
      let (a, b) = (numbers[first], numbers[second])
      switch operation {
      case 0, 1: numbers.append(a + b)
      case 2: numbers.append(a - b)
      case 3: numbers.append(-a)
      // Products of what is small, lest they overflow what is exact.
      case 4, 5: numbers.append(a.value.magnitude < 64 ? a * b / S(4) : a)
      case 6: numbers.append(.maximum(a, b))
      case 7: numbers.append(a + S(constants[second % constants.count]))
      case 8: numbers.append(a * S(constants[first % constants.count]))
      case 9: numbers.append(.select(a, wherePositive: b, otherwise: b))
      default:
        var sum = a
        for number in numbers.suffix(3) { sum += number }
        numbers.append(sum)
      }
    }
    return numbers
  }
}

@Test(arguments: 1...60)
func `sparse dual numbers are dual numbers in every direction`(seed: Int) {
  let values: [Double] = [3, -2, 0, 5, 1, -7, 4]
  // Some programs meet what is not finite, where a zero turns into NaN.
  let constants: [Double] = seed % 3 == 0 ? [2, .infinity, 0, -1] : [2, 0, -1, 0.5]
  let program = Program(steps: 24, seed: UInt64(seed), variables: values.count)
  let directions = SparseDirections(values.count, capacity: 1 << 16)
  let variables = values.indices.map { directions.variable(values[$0], direction: $0) }
  let found = program.run(variables, constants: constants)
  #expect(!directions.areExhausted)
  let rows = found.map { derivatives($0, directions) }
  for direction in values.indices {
    let expected = program.run(
      values.indices.map { Dual(values[$0], derivative: $0 == direction ? 1 : 0) },
      constants: constants)
    for (number, dual) in expected.enumerated() {
      #expect(same(found[number].value, dual.value), "number \(number)")
      #expect(
        same(rows[number][direction], dual.derivative),
        "number \(number), direction \(direction): \(rows[number][direction]), \(dual.derivative)")
    }
  }
}

/// A function in both kinds of numbers.
private struct Function: CustomTestStringConvertible, Sendable {
  let testDescription: String
  let dual: @Sendable (Dual) -> Dual
  let sparse: @Sendable (SparseDual) -> SparseDual

  static let all: [Function] = [
    Function(testDescription: "exp", dual: { .exp($0) }, sparse: { .exp($0) }),
    Function(
      testDescription: "expMinusOne", dual: { .expMinusOne($0) }, sparse: { .expMinusOne($0) }),
    Function(testDescription: "log", dual: { .log($0) }, sparse: { .log($0) }),
    Function(
      testDescription: "log(onePlus:)", dual: { .log(onePlus: $0) },
      sparse: { .log(onePlus: $0) }),
    Function(testDescription: "tanh", dual: { .tanh($0) }, sparse: { .tanh($0) }),
    Function(testDescription: "erf", dual: { .erf($0) }, sparse: { .erf($0) }),
    Function(
      testDescription: "squareRoot", dual: { .squareRoot($0) }, sparse: { .squareRoot($0) }),
    Function(
      testDescription: "the power 3", dual: { .power($0, 3) }, sparse: { .power($0, 3) }),
    Function(
      testDescription: "the power 0", dual: { .power($0, 0) }, sparse: { .power($0, 0) }),
    Function(
      testDescription: "1 / x", dual: { Dual(1) / $0 }, sparse: { SparseDual(1) / $0 }),
    Function(
      testDescription: "x / (x + 2)", dual: { $0 / ($0 + Dual(2)) },
      sparse: { $0 / ($0 + SparseDual(2)) }),
    Function(
      testDescription: "magnitude", dual: { .magnitude($0) }, sparse: { .magnitude($0) }),
  ]
}

@Test(arguments: Function.all)
private func `functions of sparse dual numbers have the bits of dual numbers`(
  _ function: Function
) {
  // At 0 slopes are infinite, below it there is no value.
  for x in [0.75, 2, 0, -0.5] {
    let directions = SparseDirections(3, capacity: 64)
    // 3 in direction 0, −1 in direction 2, nothing in direction 1.
    let a = directions.variable(x / 2, direction: 0)
    let b = directions.variable(x / 2, direction: 2)
    let found = function.sparse(a + a + a - b - SparseDual(x / 2) + SparseDual(x / 2))
    for (direction, slope) in [3.0, 0, -1].enumerated() {
      let expected = function.dual(Dual(x, derivative: slope))
      #expect(same(found.value, expected.value))
      #expect(same(derivatives(found, directions)[direction], expected.derivative))
    }
  }
}

@Test func `a long sum of products takes room for its products alone`() {
  let count = 500
  // A variable each, and two derivatives for each product.
  let directions = SparseDirections(2 * count, capacity: 4 * count)
  var sum = SparseDual(1)
  let x = (0..<count).map { directions.variable(Double($0), direction: $0) }
  let w = (0..<count).map { directions.variable(Double(-$0), direction: count + $0) }
  for (a, b) in zip(x, w) { sum += a * b }
  #expect(!directions.areExhausted)
  let row = derivatives(sum, directions)
  #expect(row == w.map(\.value) + x.map(\.value))
}

@Test func `too little room is told`() {
  let directions = SparseDirections(2, capacity: 3)
  let a = directions.variable(2, direction: 0)
  let b = directions.variable(3, direction: 1)
  #expect(!directions.areExhausted)
  _ = a * b
  #expect(directions.areExhausted)
}

@Test func `threads may work with the same numbers`() {
  let (tasks, terms) = (3_000, 12)
  let directions = SparseDirections(terms, capacity: 1 << 20)
  let x = (0..<terms).map { directions.variable(Double($0), direction: $0) }
  let rows = Parallel.map(tasks) { task in
    // Sums over some of the directions each, merged in their product.
    var sums = [SparseDual.zero, .zero]
    for index in x.indices { sums[index % 2] += x[index] * SparseDual(Double(task + index)) }
    return derivatives(sums[0] * sums[1] - sums[0], directions)
  }
  #expect(!directions.areExhausted)
  for (task, row) in rows.enumerated() {
    let slopes = x.indices.map { Double(task + $0) }
    var sums = [0.0, 0]
    for index in x.indices { sums[index % 2] += Double(index) * slopes[index] }
    #expect(row == x.indices.map { slopes[$0] * ($0 % 2 == 0 ? sums[1] - 1 : sums[0]) })
  }
}

@Test func `only dual numbers carry a derivative`() {
  #expect(Dual.carriesDerivative && SparseDual.carriesDerivative)
  #expect(!Double.carriesDerivative && !Float.carriesDerivative)
}
