import Kernels
import Tensors

/// How often each way through the kernels was taken, and how many results were held against their
/// definition.
struct Tally {
  private(set) var results = 0
  private(set) var elements = 0
  private var taken: [String: [KernelPath: Int]] = [:]

  /// Notes one result and the ways that its kernels took.
  mutating func note<S: ProofScalar>(_: S.Type, elements count: Int, _ paths: [KernelPath]) {
    results += 1
    elements += count
    for path in paths { taken["\(S.self)", default: [:]][path, default: 0] += 1 }
  }

  /// How many results took a way.
  func count<S: ProofScalar>(_ path: KernelPath, _: S.Type) -> Int {
    taken["\(S.self)"]?[path] ?? 0
  }
}

/// Computes one result in every way that must not matter, and holds it against its definition.
struct Run {
  var tally = Tally()
  /// Thread counts that must give the bits of one thread.
  static let threadCounts = [2, 3, 8]

  /// Checks a result with each instruction set, and on several threads if `threads`.
  mutating func check<S: ProofScalar>(
    _ name: String, in place: String, _ expected: Expected, threads: Bool,
    _ operands: [GuardedArray<S>], _ compute: () -> [S]
  ) -> Problem? {
    let before = Parallel.threads
    defer { Parallel.threads = before }
    Parallel.threads = 1
    var first: [S]?
    for set in InstructionSet.available {
      let title = "\(name), \(S.self), \(set)"
      let got = InstructionSet.$current.withValue(set) { result("\(title), \(place)", compute) }
      if let problem = expected.firstProblem(got) { return problem.at(title) }
      if let first, let problem = firstDifferentBits(got, first) {
        return problem.at("\(title), not the bits of the portable instructions")
      }
      first = first ?? got
    }
    for count in threads ? Self.threadCounts : [] {
      Parallel.threads = count
      let got = result("\(name), \(S.self), \(count) threads, \(place)", compute)
      if let first, let problem = firstDifferentBits(got, first) {
        return problem.at("\(name), \(S.self), \(count) threads, not the bits of one thread")
      }
    }
    for operand in operands { if let problem = operand.problem { return problem.at(name) } }
    return nil
  }

  mutating func result<S: ProofScalar>(_ title: String, _ compute: () -> [S]) -> [S] {
    CurrentCase.set(title)
    _ = KernelPath.takeNotes()
    let got = compute()
    tally.note(S.self, elements: got.count, KernelPath.takeNotes())
    return got
  }
}

/// A shape whose results can be proven, and made simpler where that fails.
protocol ProvenShape: CustomStringConvertible {
  /// Shapes with one number closer to the simplest.
  var simpler: [Self] { get }
  /// The first problem of any result of this shape.
  func problem(seed: UInt64, _ run: inout Run) -> Problem?
}

extension ProvenShape {
  /// Throws the problem of the smallest shape that has one, if this one has.
  func prove(seed: UInt64, _ run: inout Run) throws(Problem) {
    guard var problem = problem(seed: seed, &run) else { return }
    var smallest = self
    var attempts = 0
    search: while attempts < 500 {
      for shape in smallest.simpler {
        attempts += 1
        var other = Run()
        if let found = shape.problem(seed: seed, &other) {
          (smallest, problem) = (shape, found)
          continue search
        }
      }
      break
    }
    throw Problem("\(smallest)\n  seed \(seed), found as \(self)\n  \(problem)")
  }
}
