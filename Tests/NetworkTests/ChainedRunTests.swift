import LayerKit
import Network
import Tensors
import Testing

/// What the tests feed a network with.
private struct Supply: NetworkSupply {
  var x: Tensor<Double>
  var weights: [Int: Double]
  var recorded: [Int: Tensor<Double>] = [:]
  var recordedGradients: [Int: Tensor<Double>] = [:]
  var objective: Tensor<Double>

  func input(_ name: String) -> Tensor<Double>? { name == "x" ? x : nil }
  func operands(ofNode node: Int) -> Operands<Double>? {
    Operands(parameters: weights[node].map { ["w": Tensor(scalar: $0)] } ?? [:])
  }
  func recordedOutput(ofNode node: Int, index: Int) -> Tensor<Double>? {
    index == 0 ? recorded[node] : nil
  }
  func recordedInputGradient(ofNode node: Int, input: Int) -> Tensor<Double>? {
    recordedGradients[node]
  }
  func objectiveGradient(ofNode node: Int, output: Int) -> Tensor<Double>? { objective }
}

/// Everything that a run shows, by node and tensor.
private func run(
  _ network: Network, _ supply: Supply, memory: RunMemory = RunMemory()
) throws -> [Shown: [Double]] {
  var shown: [Shown: [Double]] = [:]
  var run = try ChainedRun(network, supply: supply, memory: memory)
  try run.run { shown[Shown($0, $1)] = $2.elements }
  return shown
}

/// A tensor that a run shows.
private struct Shown: Hashable {
  let node: Int
  let tensor: ResultTensor

  init(_ node: Int, _ tensor: ResultTensor) {
    self.node = node
    self.tensor = tensor
  }
}

private func scaled(_ name: String, _ source: Network.Source) -> Network.Node {
  Network.Node(name: name, layer: .make(Scaled.self), sources: [source])
}

@Suite struct ChainedRunTests {
  // a = 2x, b = 3a, c = 5a, y = a + b + c. With g = ∂L/∂y:
  // ∂L/∂a = g + 3g + 5g = 9g, ∂L/∂w_a = Σ x·9g, ∂L/∂w_b = Σ a·g.
  @Test func gradientsOfAllConsumersAreAdded() throws {
    let network = Network([
      scaled("a", .input("x")), scaled("b", .output(node: 0, index: 0)),
      scaled("c", .output(node: 0, index: 0)),
      Network.Node(
        name: "y", layer: .make(Total.self),
        sources: [
          .output(node: 0, index: 0), .output(node: 1, index: 0), .output(node: 2, index: 0),
        ]),
    ])
    let shown = try run(
      network,
      Supply(
        x: Tensor([2], [1, -4]), weights: [0: 2, 1: 3, 2: 5], objective: Tensor([2], [1, 10])))
    #expect(shown[Shown(3, .output(0))] == [18, -72])
    #expect(shown[Shown(1, .inputGradient(0))] == [3, 30])
    #expect(shown[Shown(0, .parameterGradient("w"))] == [9 * 1 + 90 * -4])
    #expect(shown[Shown(1, .parameterGradient("w"))] == [2 * 1 + -8 * 10])
    #expect(shown[Shown(0, .inputGradient(0))] == nil, "no gradient is asked for a network input")
  }

  /// A layer that nobody can compute is replaced by what was recorded, in both directions.
  @Test func recordedTensorsStandInForAnUnknownKind() throws {
    let network = Network([
      scaled("a", .input("x")),
      Network.Node(name: "unknown", layer: nil, sources: [.output(node: 0, index: 0)]),
      scaled("b", .output(node: 1, index: 0)),
    ])
    let shown = try run(
      network,
      Supply(
        x: Tensor([1], [1]), weights: [0: 2, 2: 3], recorded: [1: Tensor([1], [7])],
        recordedGradients: [1: Tensor([1], [11])], objective: Tensor([1], [1])))
    #expect(shown[Shown(2, .output(0))] == [21])
    #expect(shown[Shown(0, .parameterGradient("w"))] == [11])
  }

  /// A parameter of the network is a layer without sources: y = x + v, ∂L/∂v = g.
  @Test func aLayerThatTakesNoInputIsComputed() throws {
    let network = Network([
      Network.Node(name: "v", layer: .make(Free.self), sources: []),
      Network.Node(
        name: "y", layer: .make(Total.self), sources: [.input("x"), .output(node: 0, index: 0)]),
    ])
    let shown = try run(
      network,
      Supply(x: Tensor(.scalar, [3]), weights: [0: 5], objective: Tensor(.scalar, [7])))
    #expect(shown[Shown(1, .output(0))] == [8])
    #expect(shown[Shown(0, .parameterGradient("w"))] == [7])
  }

  @Test func whatNeedsAMissingTensorIsLeftOut() throws {
    let network = Network([
      scaled("a", .input("absent")), scaled("b", .output(node: 0, index: 0)),
      scaled("c", .input("x")),
    ])
    let shown = try run(
      network,
      Supply(x: Tensor([1], [1]), weights: [0: 2, 1: 2, 2: 4], objective: Tensor([1], [1])))
    #expect(shown.keys.allSatisfy { $0.node == 2 })
    #expect(shown[Shown(2, .output(0))] == [4])
  }

  /// What may not stay in memory goes through the scratch file.
  @Test(arguments: [0, 900_000, 1 << 30])
  func tensorsComeBackUnchanged(total: Int) throws {
    let count = 100_000
    let x = Tensor<Double>(Shape([count]), (0..<count).map { Double($0) })
    let network = Network([scaled("a", .input("x")), scaled("b", .output(node: 0, index: 0))])
    let shown = try run(
      network,
      Supply(
        x: x, weights: [0: 2, 1: 0.5], objective: Tensor(Shape([count]), repeating: 1)),
      memory: RunMemory(total: total, layers: []))
    #expect(shown[Shown(1, .output(0))] == x.elements)
    #expect(
      shown[Shown(0, .parameterGradient("w"))] == [0.5 * Double(count) * Double(count - 1) / 2])
  }

  // a = 2x, b = |a|, c = |b|, d = b + c, y = 3d: with g = ∂L/∂y, ∂L/∂w_y = Σ d·g = Σ 4|x|·g and
  // ∂L/∂w_a = Σ x·6g·sign(x). Above 1 MiB b is computed again wherever it is needed, and c, which
  // follows from it, is kept.
  @Test(arguments: [1000, 200_000], [0, 1 << 30])
  func functionsOfSingleNumbersAreComputedAgain(count: Int, total: Int) throws {
    let x = Tensor<Double>([count], (0..<count).map { Double($0 % 7 - 3) })
    let g = Tensor<Double>([count], (0..<count).map { Double($0 % 5) })
    let network = Network([
      scaled("a", .input("x")),
      Network.Node(
        name: "b", layer: .make(Magnitude.self), sources: [.output(node: 0, index: 0)]),
      Network.Node(
        name: "c", layer: .make(Magnitude.self), sources: [.output(node: 1, index: 0)]),
      Network.Node(
        name: "d", layer: .make(Total.self),
        sources: [.output(node: 1, index: 0), .output(node: 2, index: 0)]),
      scaled("y", .output(node: 3, index: 0)),
    ])
    let shown = try run(
      network, Supply(x: x, weights: [0: 2, 4: 3], objective: g),
      memory: RunMemory(total: total, layers: []))
    let sizes = zip(x.elements, g.elements).map { $0.magnitude * $1 }.reduce(0, +)
    #expect(shown[Shown(3, .output(0))] == x.elements.map { 4 * $0.magnitude })
    #expect(shown[Shown(4, .parameterGradient("w"))] == [4 * sizes])
    #expect(shown[Shown(0, .parameterGradient("w"))] == [6 * sizes])
  }

  @Test func aNodeBeforeItsSourceIsABrokenContract() async {
    await #expect(processExitsWith: .failure) {
      _ = Network([scaled("a", .output(node: 1, index: 0)), scaled("b", .input("x"))])
    }
  }
}
