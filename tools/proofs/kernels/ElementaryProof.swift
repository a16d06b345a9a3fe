import Kernels
import Tensors

/// The elementary functions, against the series of eˣ − 1 in an arithmetic of twice the precision.
struct ElementaryProof<S: ProofScalar> {
  private let instructions: InstructionSet
  private var samples: Samples
  /// Numbers that were held against their definition.
  private(set) var count = 0

  init(_ instructions: InstructionSet, seed: UInt64) {
    self.instructions = instructions
    samples = Samples(seed: seed)
  }

  /// Proves all functions, at all places of a vector, in place and beside.
  mutating func prove() throws(Problem) {
    for function in ElementaryFunction.allCases {
      for length in 0...3 * 64 / MemoryLayout<S>.size + 1 {
        try prove(function, (0..<length).map { _ in argument() }, inPlace: length % 2 == 0)
      }
      try prove(function, Self.special, inPlace: false)
      for _ in 0..<20 { try prove(function, (0..<1_000).map { _ in argument() }, inPlace: false) }
    }
  }

  /// Where something changes: zeros, the ends of the ranges, what is no number.
  private static var special: [S] {
    let ends =
      S.self == Float.self
      ? [88.72, 88.73, 89, 103.9, 104, 87.4] : [709.78, 709.79, 745.1, 746, 708.4]
    let all =
      [0, S.leastNonzeroMagnitude, .greatestFiniteMagnitude, .infinity, 20, 19.1]
      + ends.map { S($0) }
    return all + all.map { -$0 } + [.nan, -.nan]
  }

  /// Of either sign, and of a size between 10⁻¹² and what overflows.
  private mutating func argument() -> S {
    let scale = samples.pick([
      1e-12, 1e-6, 1e-3, 0.1, 1, 4, 20, 100, S.self == Float.self ? 100 : 800,
    ])
    return S(Double.random(in: -scale...scale, using: &samples))
  }

  private mutating func prove(
    _ function: ElementaryFunction, _ arguments: [S], inPlace: Bool
  ) throws(Problem) {
    let place = "\(function) of \(arguments.count) numbers, \(S.self), \(instructions)"
    CurrentCase.set(place)
    count += arguments.count
    let x = GuardedBuffer(arguments, atStart: arguments.count % 3 == 0)
    let y =
      inPlace
      ? x
      : GuardedBuffer(
        [S](repeating: S.guardPattern, count: arguments.count), atStart: arguments.count % 3 == 1)
    InstructionSet.$current.withValue(instructions) {
      S.elementary(function, x.start, y.start, count: arguments.count)
    }
    let got = y.elements
    let alone = InstructionSet.$current.withValue(.portable) {
      arguments.map { argument in
        withUnsafeTemporaryAllocation(of: S.self, capacity: 1) { one -> S in
          one.initialize(repeating: argument)
          if let start = one.baseAddress { S.elementary(function, start, start, count: 1) }
          return one[0]
        }
      }
    }
    for (argument, (found, portable)) in zip(arguments, zip(got, alone)) {
      guard found.bits == portable.bits else {
        throw Problem("\(place): of \(argument) \(found), alone and portable \(portable)")
      }
      if let problem = problem(function, argument, found) { throw problem.at(place) }
    }
    if !inPlace, let problem = x.problem { throw problem.at(place) }
    if let problem = y.problemOutside { throw problem.at(place) }
  }

  /// The largest errors that the header promises, in units of the last place.
  private static func promised(_ function: ElementaryFunction) -> Double {
    switch function {
    case .exp: 1.1
    case .tanh: 2.7
    case .logistic: 2.6
    case .expMinusOne: 2
    case .erf: 1.5
    case .softplus: 4
    }
  }

  private func problem(_ function: ElementaryFunction, _ x: S, _ found: S) -> Problem? {
    guard !x.isNaN else { return found.isNaN ? nil : Problem("of NaN \(found)") }
    let exact = TwiceDouble.value(function, Double(x))
    let nearest = S(exact.high)
    guard nearest.isFinite else {
      return found == nearest ? nil : Problem("of \(x) \(found), not \(nearest)")
    }
    let error = abs((Double(found) - exact.high) - exact.low)
    // The last place of the exact value; of the smallest numbers that of the subnormal ones.
    let unit = Double(max(nearest.magnitude, S.leastNormalMagnitude).ulp)
    guard error <= Self.promised(function) * unit else {
      return Problem("of \(x) \(found), \(error / unit) units off \(exact.high)")
    }
    return nil
  }
}
