import Discrepancy
import Tensors
import Testing

/// Judging in vectors against judging one by one, with each instruction set.
@Suite struct JudgingScanTests {
  /// Numbers as layers compute them and as they should not.
  private enum Kind: CaseIterable {
    case ordinary, anyBits, subnormal, quantised, sparse
  }

  private func number(_ kind: Kind, _ random: inout SplitMix) -> Double {
    let bits = random.next()
    let short = UInt32(truncatingIfNeeded: bits)
    switch kind {
    case .ordinary: return Double(Int64(bitPattern: bits)) * 0x1p-63
    case .anyBits:
      return bits % 2 == 0 ? Double(Float(bitPattern: short)) : Double(bitPattern: bits)
    case .subnormal:
      return bits % 2 == 0
        ? Double(bitPattern: bits % 5000 | bits & 1 << 63)
        : Double(Float(bitPattern: short % 5000 | short & 1 << 31))
    case .quantised: return Double(Int(bits % 17) - 8) / 8
    case .sparse: return bits % 3 == 0 ? Double(short >> 8) * 0x1p-20 : 0
    }
  }

  /// A number near another, or one that has nothing to do with it.
  private func neighbour(_ value: Double, _ random: inout SplitMix) -> Double {
    let bits = random.next()
    switch random.next() % 8 {
    case 0: return value * (1 + Double(Int64(bitPattern: bits)) * 0x1p-86)
    case 1: return Double(bitPattern: value.bitPattern &+ bits % 3 &- 1)
    case 2: return value + Double(bits % 3) * 0x1p-20
    case 3: return -value
    case 4: return value * 2
    case 5: return value + Double(bits % 4) * .leastNonzeroMagnitude
    case 6: return Double(Float(value))
    default: return [.nan, .infinity, -.infinity, 0, -0.0, 1, 3.5e38, 1e308][Int(bits % 8)]
    }
  }

  /// A bound or a magnitude for a number: mostly one that fits, sometimes one that says nothing.
  private func figure(_ value: Double, isBound: Bool, _ random: inout SplitMix) -> Double {
    let scale = isBound ? 0x1p-22 : 4
    switch random.next() % 64 {
    case 0: return 0
    case 1: return [.infinity, .nan, 1e308, .greatestFiniteMagnitude][Int(random.next() % 4)]
    case 2: return .leastNonzeroMagnitude
    case 3: return -0.0
    default:
      return value.isFinite ? value.magnitude * scale * Double(random.next() % 5 + 1) / 4 : scale
    }
  }

  private func shift(_ random: inout SplitMix) -> Double {
    [0, 0, 0, 0x1p-24, 1e-40, .infinity][Int(random.next() % 6)]
  }

  private func bounds(of values: [Double], _ random: inout SplitMix) -> [ErrorBound] {
    let shape = Shape([values.count])
    let bounds = Tensor(shape, values.map { figure($0, isBound: true, &random) })
    let magnitudes = Tensor(shape, values.map { figure($0, isBound: false, &random) })
    let constant = Tensor(shape, repeating: [0, 0x1p-24, .infinity][Int(random.next() % 3)])
    return [
      .exact, .elementwise(bounds), .measured(bounds), .elementwise(constant),
      .sum(terms: 1, magnitude: magnitudes, products: false),
      .sum(terms: 100, magnitude: magnitudes), .sum(terms: 1 << 23, magnitude: magnitudes),
      .accumulated(
        terms: 9, magnitude: Magnitude(shape) { Array(magnitudes.elements[$0]) }, products: true),
    ]
  }

  /// What is found, as text: NaN does not equal itself, and 0 equals −0.
  private func found<S: FloatingScalar>(
    _ ours: Tensor<S>, _ reference: [Double], _ tolerance: Tolerance, inputsAreFinite: Bool,
    _ instructions: JudgingInstructions
  ) -> String {
    var comparator = Comparator(
      ours: ours, tolerance: tolerance, inputsAreFinite: inputsAreFinite)
    comparator.instructions = instructions
    let cut = reference.count / 3
    comparator.compare(Array(reference[..<cut]))
    // The rest arrives block by block.
    try? comparator.compare(next: reference.count - cut) { Array(reference[$0]) }
    return String(describing: comparator.finish())
  }

  private func check<S: FloatingScalar>(
    _ ours: [S], _ reference: [Double], _ random: inout SplitMix, _ comment: Comment
  ) {
    let values = ours.map(\.value)
    let shape = Shape([ours.count])
    for bound in bounds(of: values, &random) {
      let format = NumberFormat.allCases[Int(random.next() % 4)]
      let tolerance = Tolerance(
        bound, ComparisonFormats(ours: S.format, reference: format),
        shift: random.next() % 3 == 0
          ? Tensor(shape, values.map { _ in shift(&random) }) : nil)
      let isFinite = random.next() % 2 == 0
      let expected = found(
        Tensor(shape, ours), reference, tolerance, inputsAreFinite: isFinite, .oneByOne)
      for instructions in JudgingInstructions.available {
        let result = found(
          Tensor(shape, ours), reference, tolerance, inputsAreFinite: isFinite, instructions)
        #expect(result == expected, comment)
      }
    }
  }

  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func vectorsFindWhatSingleElementsDo(seed: UInt64) {
    var random = SplitMix(state: seed)
    for kind in Kind.allCases {
      let count = 700 + Int(random.next() % 1500)
      let period = [1, 2, 50, 700][Int(random.next() % 4)]
      let ours = (0..<count).map { _ in number(kind, &random) }
      let reference = ours.map {
        random.next() % UInt64(period) == 0 ? neighbour($0, &random) : $0
      }
      check(ours, reference, &random, "\(kind), float64, seed \(seed)")
      let single = ours.map { Float($0) }
      let other = reference.map { random.next() % 2 == 0 ? Double(Float($0)) : $0 }
      check(single, other, &random, "\(kind), float32, seed \(seed)")
    }
  }

  /// Several blocks, each of which has its own first and worst element.
  @Test func blocksAreMergedAsBefore() {
    var random = SplitMix(state: 99)
    let ours = (0..<150_000).map { _ in number(.ordinary, &random) }
    let reference = ours.map { random.next() % 3 == 0 ? neighbour($0, &random) : $0 }
    check(ours, reference, &random, "float64, seed 99")
  }

  /// Of equal errors the first is the worst, also where they stand in one group.
  @Test func theFirstOfEqualErrorsIsTheWorst() {
    for instructions in JudgingInstructions.available {
      var reference = [Double](repeating: 1, count: 1000)
      for place in [130, 131, 190, 500] { reference[place] = 2 }
      var comparator = Comparator(
        ours: Tensor([1000], repeating: 1.0),
        tolerance: Tolerance(
          .elementwise(Tensor([1000], repeating: 0.5)),
          ComparisonFormats(ours: .float64, reference: .float32)),
        inputsAreFinite: true)
      comparator.instructions = instructions
      comparator.compare(reference)
      let found = comparator.finish()
      #expect(found.worst?.offset == 130 && found.firstBeyond?.offset == 130)
      #expect(found.beyondBound == 4 && found.boundRatio == 2 && found.count == 1000)
    }
  }
}
