import LayerKit
import Testing

/// What one reading gave, and everything that was wrong.
private func read<Value>(
  _ values: [String: HyperparameterValue], _ reading: (inout HyperparameterReader) -> Value
) -> (value: Value, problems: [LayerProblem]) {
  var reader = HyperparameterReader(values)
  let value = reading(&reader)
  return (value, reader.finish())
}

// MARK: One whole number

@Test(
  arguments: [
    (3, 3), ([3], 3), (3.0, 3), (true, 1), (-2, -2),
  ] as [(HyperparameterValue, Int)])
func `a whole number in each of its spellings`(_ value: HyperparameterValue, _ expected: Int) {
  let found = read(["k": value]) { $0.integer("k", in: -5...5) }
  #expect(found.value == expected)
  #expect(found.problems == [])
}

@Test(arguments: [3.5, "three", [1, 2], [], .real(.nan), 1e300] as [HyperparameterValue])
func `what is no whole number has the wrong type`(_ value: HyperparameterValue) {
  let found = read(["k": value]) { $0.integer("k", default: 4, in: 0...5) }
  #expect(found.value == 4)
  guard found.problems.count == 1, case .wrongType("k", _, value) = found.problems[0] else {
    // NaN is not equal to itself.
    if case .real(let number) = value, number.isNaN, found.problems.count == 1 { return }
    Issue.record("\(found.problems)")
    return
  }
}

@Test func `a whole number out of range is told with the range`() {
  let found = read(["k": 6]) { $0.integer("k", in: 1...5) }
  #expect((1...5).contains(found.value))
  #expect(
    found.problems == [.outOfRange(hyperparameter: "k", allowed: "1 to 5", found: 6)])
  let open = read(["k": 0]) { $0.integer("k", in: 1...(.max)) }
  #expect(open.problems == [.outOfRange(hyperparameter: "k", allowed: "1 or more", found: 0)])
}

@Test func `an absent number is its default, or missing`() {
  #expect(read([:]) { $0.integer("k", default: 2, in: 0...5) } == (2, []))
  #expect(read([:]) { $0.integer("k", in: 1...5) }.problems == [.missingHyperparameter("k")])
}

@Test func `a number that may be none`() {
  let range = 0...5
  #expect(read(["k": 3]) { $0.optionalInteger("k", in: range) } == (3, []))
  #expect(read(["k": "none"]) { $0.optionalInteger("k", default: 2, in: range) } == (nil, []))
  #expect(read([:]) { $0.optionalInteger("k", default: 2, in: range) } == (2, []))
  #expect(read([:]) { $0.optionalInteger("k", in: range) } == (nil, []))
  #expect(read(["k": 9]) { $0.optionalInteger("k", in: range) }.problems.count == 1)
  #expect(read(["k": "nothing"]) { $0.optionalInteger("k", in: range) }.problems.count == 1)
}

// MARK: One real number

@Test(arguments: [(0.5, 0.5), (2, 2.0), ([0.25], 0.25)] as [(HyperparameterValue, Double)])
func `a real number in each of its spellings`(_ value: HyperparameterValue, _ expected: Double) {
  #expect(read(["p": value]) { $0.real("p") } == (expected, []))
}

@Test func `a real number out of range, infinite, or not a number`() {
  let found = read(["p": 1.5]) { $0.real("p", default: 0.5, in: 0...1) }
  #expect(found.value == 0.5)
  #expect(
    found.problems == [.outOfRange(hyperparameter: "p", allowed: "0.0 to 1.0", found: 1.5)])
  #expect(read(["p": .real(.infinity)]) { $0.real("p") }.problems.count == 1)
  #expect(read(["p": .real(.infinity)]) { $0.real("p", in: 0...(.infinity)) }.problems == [])
  #expect(read(["p": .real(.nan)]) { $0.real("p", in: 0...(.infinity)) }.problems.count == 1)
  #expect(
    read(["p": "half"]) { $0.real("p", default: 0.5) }.problems
      == [.wrongType(hyperparameter: "p", expected: "a number", found: "half")])
  #expect(read(["p": true]) { $0.real("p", default: 0.5) }.problems.count == 1)
  #expect(read([:]) { $0.real("p") }.problems == [.missingHyperparameter("p")])
  #expect(read([:]) { $0.real("p", default: 0.1) } == (0.1, []))
}

@Test(
  arguments: [
    (0, .greatestFiniteMagnitude, "0.0 or more"), (-.greatestFiniteMagnitude, 0, "0.0 or less"),
  ] as [(Double, Double, String)])
func `a range with one end is described by that end`(
  _ low: Double, _ high: Double, _ allowed: String
) {
  let wrong = low == 0 ? -1.0 : 1.0
  let found = read(["p": .real(wrong)]) { $0.real("p", default: 0, in: low...high) }
  #expect(
    found.problems
      == [.outOfRange(hyperparameter: "p", allowed: allowed, found: .real(wrong))])
}

@Test func `a real number that may be none`() {
  #expect(read(["m": "none"]) { $0.optionalReal("m", default: 0.1) } == (nil, []))
  #expect(read([:]) { $0.optionalReal("m", default: 0.1) } == (0.1, []))
  #expect(read(["m": 0.3]) { $0.optionalReal("m", default: 0.1) } == (0.3, []))
  #expect(read(["m": [1, 2]]) { $0.optionalReal("m", default: 0.1) }.problems.count == 1)
}

// MARK: Truth values and words

@Test(
  arguments: [
    (true, true), (false, false), (1, true), (0, false), (1.0, true), (0.0, false), ([true], true),
  ] as [(HyperparameterValue, Bool)])
func `a truth value in each of its spellings`(_ value: HyperparameterValue, _ expected: Bool) {
  #expect(read(["b": value]) { $0.boolean("b", default: !expected) } == (expected, []))
}

@Test(arguments: [2, "true", [true, false], 0.5] as [HyperparameterValue])
func `what is no truth value has the wrong type`(_ value: HyperparameterValue) {
  let found = read(["b": value]) { $0.boolean("b", default: true) }
  #expect(found.value)
  #expect(
    found.problems
      == [.wrongType(hyperparameter: "b", expected: "true or false", found: value)])
}

private enum Reduction: String, CaseIterable { case none, sum, mean }

@Test func `a word is one of few`() {
  #expect(read(["r": "sum"]) { $0.word("r", default: Reduction.mean) } == (.sum, []))
  // A word that is spelled like None stays a word.
  #expect(read(["r": "none"]) { $0.word("r", default: Reduction.mean) } == (Reduction.none, []))
  #expect(read([:]) { $0.word("r", default: Reduction.mean) } == (.mean, []))
  let unknown = read(["r": "total"]) { $0.word("r", default: Reduction.mean) }.problems
  guard case .outOfRange("r", let allowed, "total") = unknown.first else {
    Issue.record("\(unknown)")
    return
  }
  for word in Reduction.allCases { #expect(allowed.contains("\"\(word.rawValue)\"")) }
  let number = read(["r": 3]) { $0.word("r", default: Reduction.mean) }.problems
  guard case .wrongType("r", _, 3) = number.first else {
    Issue.record("\(number)")
    return
  }
}

// MARK: Lists

@Test(
  arguments: [
    ([1, 2], [1, 2]), (3, [3, 3]), ([3], [3, 3]), (2.0, [2, 2]), ([1.0, true], [1, 1]),
  ] as [(HyperparameterValue, [Int])])
func `one number serves for all axes`(_ value: HyperparameterValue, _ expected: [Int]) {
  #expect(read(["s": value]) { $0.integers("s", count: 2, in: 1...9) } == (expected, []))
}

@Test func `a list of another length, type or range`() {
  func problems(_ value: HyperparameterValue) -> [LayerProblem] {
    read(["s": value]) { $0.integers("s", count: 3, default: [1, 1, 1], in: 1...9) }.problems
  }
  #expect(
    problems([1, 2])
      == [.wrongType(hyperparameter: "s", expected: "1 or 3 whole numbers", found: [1, 2])])
  #expect(
    problems([1, "x", 2])
      == [.wrongType(hyperparameter: "s", expected: "whole numbers", found: [1, "x", 2])])
  #expect(
    problems([1, 2, 10])
      == [.outOfRange(hyperparameter: "s", allowed: "1 to 9", found: [1, 2, 10])])
  #expect(problems([]).count == 1)
  // A placeholder has the right length, so that the layer can go on reading.
  #expect(read([:]) { $0.integers("s", count: 3, in: 2...9) }.value == [2, 2, 2])
}

@Test func `any number of whole numbers, or none`() {
  let range = -1...9
  #expect(read(["d": [1, -1, 2]]) { $0.optionalIntegers("d", in: range) } == ([1, -1, 2], []))
  #expect(read(["d": 4]) { $0.optionalIntegers("d", in: range) } == ([4], []))
  #expect(read(["d": "none"]) { $0.optionalIntegers("d", in: range) } == (nil, []))
  #expect(read([:]) { $0.optionalIntegers("d", in: range) } == (nil, []))
  #expect(read(["d": [10]]) { $0.optionalIntegers("d", in: range) }.problems.count == 1)
}

// MARK: Names

@Test func `ignored names and raw values are known`() {
  let found = read(["inplace": true, "raw": [1, "x"]]) { reader in
    reader.ignore("inplace", "device")
    return reader.value("raw")
  }
  #expect(found.value == [1, "x"])
  #expect(found.problems == [])
  #expect(read([:]) { $0.value("raw") } == (nil, []))
}

@Test func `an unknown name is told with the closest known one`() {
  let found = read(["strid": 2, "colour": "red"]) { $0.integer("stride", default: 1, in: 1...9) }
  #expect(
    found.problems == [
      .unknownHyperparameter("colour", closest: nil),
      .unknownHyperparameter("strid", closest: "stride"),
    ])
}

@Test func `all problems are told together`() {
  let found = read(["p": 2, "s": "x", "b": 7, "unknown": 1]) { reader in
    _ = reader.real("p", default: 0, in: 0...1)
    _ = reader.integers("s", count: 2, default: [1, 1], in: 1...9)
    _ = reader.boolean("b", default: false)
    _ = reader.integer("k", in: 1...9)
    reader.report(.other("cannot be"))
  }
  #expect(
    found.problems == [
      .outOfRange(hyperparameter: "p", allowed: "0.0 to 1.0", found: 2),
      .wrongType(hyperparameter: "s", expected: "whole numbers", found: "x"),
      .wrongType(hyperparameter: "b", expected: "true or false", found: 7),
      .missingHyperparameter("k"), .other("cannot be"),
      .unknownHyperparameter("unknown", closest: nil),
    ])
}

@Test func `what was understood is told with its defaults`() {
  var reader = HyperparameterReader(["stride": 3, "p": 0.25, "size": "none", "bias": 1])
  _ = reader.integers("stride", count: 2, default: [1, 1], in: 1...9)
  _ = reader.real("p", default: 0.5)
  _ = reader.optionalInteger("size", in: 1...9)
  _ = reader.boolean("ceil_mode", default: false)
  _ = reader.integer("groups", default: 1, in: 1...9)
  reader.ignore("inplace")
  _ = reader.declaredSizes("bias")
  #expect(reader.understood.map(\.name) == ["stride", "p", "size", "ceil_mode", "groups"])
  #expect(reader.understood.map(\.value) == ["[3, 3]", "0.25", "none", "false", "1"])
}

// MARK: Declared sizes

@Test func `declared sizes agree with the tensors or contradict them`() throws {
  let (sizes, problems) = read(["features": 3, "kernel": [2, 5], "bias": 1]) {
    $0.declaredSizes("features", "kernel", "bias", "absent")
  }
  #expect(problems == [])
  try sizes.check("features", equals: 3)
  try sizes.check("features", equals: [3, 3])
  try sizes.check("kernel", equals: [2, 5])
  try sizes.check("bias", equals: true)
  try sizes.check("absent", equals: 99)
  try sizes.check("absent", equals: false)
  #expect(
    throws: LayerProblem.contradiction(hyperparameter: "features", declared: 3, tensors: 4)
  ) { try sizes.check("features", equals: 4) }
  #expect(
    throws: LayerProblem.contradiction(
      hyperparameter: "kernel", declared: [2, 5], tensors: [5, 2])
  ) { try sizes.check("kernel", equals: [5, 2]) }
  #expect(
    throws: LayerProblem.contradiction(hyperparameter: "bias", declared: 1, tensors: false)
  ) { try sizes.check("bias", equals: false) }
}
