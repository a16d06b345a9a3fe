import Kernels
import Tensors

/// A convolution whose padding is left out of the sums, held against itself with all of them.
///
/// A term of zero changes no bit, unless its weight is not finite, or it is added to −0: then all
/// terms must be there.
struct PaddedShape: ProvenShape {
  var shape: ConvolutionShape

  var description: String { "leaving out padding, \(shape)" }
  var simpler: [PaddedShape] { shape.simpler.map(PaddedShape.init) }

  /// What is special about the numbers.
  private enum Numbers: CaseIterable {
    case ordinary, tiny, tinyOnNegativeZero, infiniteWeights, infiniteSource
  }

  static func random(_ samples: inout Samples, large: Bool) -> PaddedShape {
    let most = large ? 3 << 20 : 100_000
    for _ in 0..<200 {
      let rank = samples.pick([1, 2, 2, 2])
      let shape = ConvolutionShape(
        batch: samples.pick([1, 1, 2, 3, 5, 8, 8, 9, 16, 17, 33]), groups: samples.pick([1, 1, 2]),
        inputs: samples.logarithmic(upTo: 40),
        outputs: samples.pick([1, 3, 6, 7, 14, 15, 29, 33, large ? 257 : 40]),
        axes: (0..<rank).map { _ in
          let kernel = samples.pick([1, 2, 3, 3, 3, 5])
          return AxisShape(
            extent: samples.logarithmic(upTo: large ? 20 : 9), kernel: kernel,
            stride: samples.pick([1, 1, 1, 2, 3]),
            begin: Int.random(in: 0...kernel + 1, using: &samples),
            end: Int.random(in: -1...kernel + 1, using: &samples),
            dilation: samples.pick([1, 1, 1, 2, 3]))
        })
      if shape.isValid, shape.terms <= most { return PaddedShape(shape: shape) }
    }
    let smallest = AxisShape(extent: 5, kernel: 2, begin: 1)
    return PaddedShape(shape: ConvolutionShape(inputs: 1, outputs: 1, axes: [smallest]))
  }

  func problem(seed: UInt64, _ run: inout Run) -> Problem? {
    for numbers in Numbers.allCases {
      if let problem = problem(numbers, seed, &run, Float.self) { return problem }
      if let problem = problem(numbers, seed, &run, Double.self) { return problem }
    }
    return nil
  }

  private func problem<S: ProofScalar>(
    _ numbers: Numbers, _ seed: UInt64, _ run: inout Run, _: S.Type
  ) -> Problem? {
    let geometry = shape.geometry
    var samples = Samples(seed: seed)
    let isTiny = numbers == .tiny || numbers == .tinyOnNegativeZero
    func operand(_ count: Int, isSpecial: Bool) -> GuardedArray<S> {
      let values: GuardedArray<S> = samples.numbers(count, isTiny ? .tiny : .fractions)
      guard isSpecial else { return values }
      let place = Int.random(in: 0..<count, using: &samples)
      let special = samples.pick([S.infinity, -.infinity, .nan])
      return GuardedArray(count: count) { $0 == place ? special : values.elements[$0] }
    }
    let x = operand(geometry.inputCount, isSpecial: numbers == .infiniteSource)
    let w = operand(geometry.weightCount, isSpecial: numbers == .infiniteWeights)
    let dy = operand(geometry.outputCount, isSpecial: numbers == .infiniteSource)
    func bias(_ count: Int) -> [S]? {
      guard numbers != .tinyOnNegativeZero else { return [S](repeating: -0.0, count: count) }
      return seed % 3 == 0 ? nil : (0..<count).map { $0 % 3 == 1 ? 0.5 : 0 }
    }
    let place = "seed \(seed), \(numbers), \(self)"
    let (biases, shifts) = (bias(geometry.outputChannels), bias(geometry.inputChannels))
    return run.checkSkipping("forward", in: place, [x, w]) {
      Convolution.forward(x.elements, w.elements, bias: biases, geometry)
    }
      ?? run.checkSkipping("transposed", in: place, [dy, w]) {
        Convolution.transposed(dy.elements, w.elements, bias: shifts, geometry)
      }
      ?? run.checkSkipping("weight gradient", in: place, [dy, x]) {
        Convolution.weightGradient(x.elements, dy.elements, geometry)
      }
  }
}

extension Run {
  /// Checks that a result has the bits that it has with all taps, with each instruction set and on
  /// several threads.
  fileprivate mutating func checkSkipping<S: ProofScalar>(
    _ name: String, in place: String, _ operands: [GuardedArray<S>], _ compute: () -> [S]
  ) -> Problem? {
    let before = Parallel.threads
    defer { Parallel.threads = before }
    Parallel.threads = 1
    let expected = TapSkipping.$current.withValue(.never) {
      InstructionSet.$current.withValue(.portable) {
        result("\(name), \(S.self), all taps, \(place)", compute)
      }
    }
    let ways = InstructionSet.available.map { ($0, 1) } + [(InstructionSet.current, 3)]
    for (set, threads) in ways {
      Parallel.threads = threads
      let title = "\(name), \(S.self), \(set), \(threads) threads"
      let got = TapSkipping.$current.withValue(.wherePossible) {
        InstructionSet.$current.withValue(set) { result("\(title), \(place)", compute) }
      }
      for index in got.indices where got[index].bits != expected[index].bits {
        // A NaN is as good as another, but for that of memory that nobody wrote.
        let isWritten = got[index].bits != S.guardPattern.bits
        if got[index].isNaN, expected[index].isNaN, isWritten { continue }
        return Problem(
          "\(title), element \(index): \(got[index]) instead of \(expected[index]) with all taps")
      }
    }
    for operand in operands { if let problem = operand.problem { return problem.at(name) } }
    return nil
  }
}
