import Glibc
import Kernels
import Tensors

/// Holds every kernel against its definition on random and on chosen shapes.
@main
struct ProveKernels {
  static func main() {
    Memory.fillFreshMemory()
    CurrentCase.reportWhenStopped()
    guard Memory.isFilled else {
      print("elements of fresh memory that nobody writes would not show")
      exit(1)
    }
    Memory.lendToKernels()
    let options = Options(CommandLine.arguments.dropFirst())
    var run = Run()
    do {
      try prove(options, &run)
    } catch {
      print("FAILED  \(error)")
      exit(1)
    }
  }

  private static func prove(_ options: Options, _ run: inout Run) throws(Problem) {
    print(
      "seed \(options.seed), \(options.geometries) geometries, instruction sets "
        + InstructionSet.available.map { "\($0)" }.joined(separator: " ")
        + (Memory.isSanitized ? ", address sanitizer" : ""))
    fflush(nil)
    try proveTiles(MicroKernels.narrow, options)
    try proveTiles(MicroKernels.wide, options)
    for set in InstructionSet.available {
      try proveFunctions(Float.self, set, options)
      try proveFunctions(Double.self, set, options)
    }
    try prove(ConvolutionShape.chosen, options.geometries, options, &run) { index, samples in
      // Few are so large that several tasks share them.
      Family.allCases[index % Family.allCases.count].shape(
        &samples, most: index % 64 == 63 ? 3 << 20 : 30_000)
    }
    try prove([PaddedShape](), options.geometries, options, &run) { index, samples in
      .random(&samples, large: index % 16 == 15)
    }
    try prove(MatrixShape.chosen, options.geometries / 2, options, &run) { index, samples in
      .random(&samples, most: index % 64 == 63 ? 3 << 20 : 100_000)
    }
    try prove([PoolShape](), options.geometries / 4, options, &run) { .random(&$1) }
    try prove(ReductionShape.chosen, options.geometries / 8, options, &run) { .random(&$1) }
    try report(run.tally)
  }

  private static func proveTiles<S: ProofScalar>(
    _ kernels: MicroKernels<S>, _ options: Options
  ) throws(Problem) {
    for set in InstructionSet.available {
      let proof = TileProof(set, kernels, seed: options.seed)
      try proof.prove()
      print("\(proof.count) tiles of \(S.self), \(set)")
    }
  }

  private static func proveFunctions<S: ProofScalar>(
    _: S.Type, _ set: InstructionSet, _ options: Options
  ) throws(Problem) {
    var proof = ElementaryProof<S>(set, seed: options.seed)
    try proof.prove()
    print("\(proof.count) elementary functions of \(S.self), \(set)")
  }

  /// Proves the chosen shapes and some random ones.
  private static func prove<Shape: ProvenShape>(
    _ chosen: [Shape], _ count: Int, _ options: Options, _ run: inout Run,
    random: (Int, inout Samples) -> Shape
  ) throws(Problem) {
    for (index, shape) in chosen.enumerated() {
      try shape.prove(seed: options.seed &+ UInt64(index), &run)
    }
    var samples = Samples(seed: options.seed)
    for index in 0..<count {
      let shape = random(index, &samples)
      try shape.prove(seed: samples.next(), &run)
    }
    print("\(chosen.count) chosen and \(count) random shapes: \(Shape.self)")
  }

  private static func report(_ tally: Tally) throws(Problem) {
    print(
      "\(tally.results) results with \(tally.elements) elements; ways taken, float32 and float64:")
    var missing: [String] = []
    for path in KernelPath.allCases {
      let counts = [tally.count(path, Float.self), tally.count(path, Double.self)]
      let name = "\(path)"
      print(
        "  " + name + String(repeating: " ", count: max(1, 28 - name.count))
          + counts.map { String(repeating: " ", count: max(1, 9 - "\($0)".count)) + "\($0)" }
          .joined())
      if counts.contains(0) { missing.append(name) }
    }
    guard missing.isEmpty else {
      throw Problem("no shape took: " + missing.joined(separator: ", "))
    }
  }
}

/// What the command line asks for.
struct Options {
  private(set) var geometries = 2_000
  private(set) var seed: UInt64 = 1

  init(_ arguments: ArraySlice<String>) {
    var rest = arguments
    while let name = rest.popFirst() {
      let value = rest.popFirst()
      switch (name, value.flatMap { UInt64($0) }) {
      case ("--geometries", .some(let count)): geometries = Int(count)
      case ("--seed", .some(let number)): seed = number
      default:
        print("usage: prove-kernels [--geometries N] [--seed S]")
        exit(name == "--help" ? 0 : 64)
      }
    }
  }
}
