import Glibc
import LayerKit
import PluginHost
import Tensors

/// Ends with a sentence.
func stop(_ reason: String) -> Never {
  let line = Array("bench-plugin-calls: \(reason)\n".utf8)
  _ = write(STDERR_FILENO, line, line.count)
  exit(2)
}

/// Numbers between −½ and ½; a fixed seed, since only the time matters.
func numbers<S: FloatingScalar>(_ shape: Shape) -> Tensor<S> {
  var state: UInt64 = 1
  let elements = [S](count: shape.count) { _ in
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return S(Double(state >> 33) / Double(1 << 31) - 0.5)
  }
  return Tensor(shape, elements)
}

struct Bench {
  let path: String
  let library: PluginLibrary
  let rounds: Int
  /// How the names of what is timed begin; empty for everything.
  let only: String

  /// Times both passes of a kind in one type of numbers.
  func run<S: FloatingScalar>(
    _ kind: String, _ input: Shape, weight: Shape?,
    _ program: KeyPath<AnyLayer, LayerProgram<S>>
  ) throws {
    let x: Tensor<S> = numbers(input)
    let w: Tensor<S>? = weight.map { numbers($0) }
    guard let definition = library.layers.first(where: { $0.signature.kind == kind }),
      let direct = DirectCall(kind, library: path, x, w)
    else { stop("no \(kind) in \(path)") }
    let layer = try definition.layer([:])
    let passes = layer[keyPath: program]
    let operands = Operands(inputs: [x], parameters: w.map { ["weight": $0] } ?? [:])
    let wanted = GradientRequest(inputs: [0], parameters: w == nil ? [] : ["weight"])
    guard direct.forward(), try passes.forward(operands).outputs[0].elements == direct.output
    else { stop("\(kind) gives other numbers in its own process") }

    let name = "\(kind) f\(MemoryLayout<S>.size * 8)"
    try compare("\(name) forward", { direct.forward() }, { try passes.forward(operands) })
    try compare(
      "\(name) backward", { direct.backward() }, { try passes.backward(operands, [x], wanted) })
  }

  /// Prints a line for each round: the name and, in milliseconds of one call, time here and there,
  /// processor time here and there.
  private func compare<Found>(
    _ name: String, _ direct: () -> Bool, _ plugin: () throws -> Found
  ) throws {
    guard name.hasPrefix(only) else { return }
    // The first calls do more: a plug-in's is repeated, and memory is used for the first time.
    _ = (direct(), try plugin())
    let calls = max(1, Int(20 / cost { _ = direct() }.processor))
    for _ in 0..<rounds {
      let here = cost { for _ in 0..<calls { _ = direct() } } / Double(calls)
      let there = try cost { for _ in 0..<calls { _ = try plugin() } } / Double(calls)
      let times = [here.wall, there.wall, here.processor, there.processor]
      print(([name] + times.map { "\($0)" }).joined(separator: "\t"))
    }
  }

  private func cost(_ body: () throws -> Void) rethrows -> Cost {
    let start = Cost.now
    try body()
    return Cost.now - start
  }
}
