import HDF5File
import Testing
import Weights

/// Weights go to a network by name, and what does not fit is named.
@Suite struct MatchingTests {
  private func tensor(_ layer: String, _ parameter: String, _ shape: [Int]) -> WeightTensor {
    let count = shape.reduce(1, *)
    let stored = StoredWeight(
      source: "/\(layer)/\(parameter)", shape: shape, type: .float32,
      elements: KnownElements(.float32([Float](repeating: 1, count: count))))
    return WeightTensor(stored, layer: layer, parameter: parameter)
  }

  private func layer(_ name: String, weight: [Int] = [2, 3]) -> WeightTarget.Layer {
    WeightTarget.Layer(name: name, kind: "Linear", parameters: ["weight": weight])
  }

  private func matching(
    _ tensors: [WeightTensor], _ layers: [WeightTarget.Layer]
  ) -> WeightMatching {
    WeightMatching(WeightListing(tensors: tensors), with: WeightTarget(layers: layers))
  }

  @Test func namesDecide() {
    let found = matching(
      [
        tensor("b", "weight", [2, 3]), tensor("a", "weight", [2, 3]),
        tensor("c", "weight", [2, 3]),
      ],
      [layer("a"), layer("b"), layer("d")])
    #expect(found.matches.map(\.layer) == [1, 0])
    #expect(found.leftOver.map(\.layer) == ["c"])
    #expect(found.missing.map(\.layerName) == ["d"])
    #expect(found.problems.isEmpty)
  }

  @Test func containersInTheMiddleMayBeMissing() {
    let found = matching(
      [tensor("kernel.pw", "weight", [2, 3])], [layer("kernel.deep.pw"), layer("kernel.deep.dw")])
    #expect(found.matches.map(\.layer) == [0])
    let slashed = matching([tensor("net/pw", "weight", [2, 3])], [layer("net.pw")])
    #expect(slashed.matches.count == 1)
  }

  @Test func twoCandidatesAreListed() {
    let found = matching(
      [tensor("net.pw", "weight", [2, 3])], [layer("net.a.pw"), layer("net.b.pw")])
    #expect(found.matches.isEmpty && found.problems.count == 1)
    #expect("\(found.problems)".contains("`net.a.pw` or `net.b.pw`"))
  }

  @Test func shapesMustAgreeAfterTheConversion() {
    var transposed = tensor("a", "weight", [3, 2])
    #expect(matching([transposed], [layer("a")]).problems.count == 1)
    transposed.conversion = Conversion(from: "IO", to: "OI")
    #expect(matching([transposed], [layer("a")]).matches.count == 1)
    // Neither is it found by its shape alone.
    #expect(matching([tensor("b", "weight", [2, 3])], [layer("a")]).matches.isEmpty)
  }

  @Test func theNetworkGivesTheLastShape() throws {
    var flat = tensor("a", "weight", [6])
    flat.conversion = Conversion(final: .target)
    #expect(throws: WeightProblem.self) { try flat.canonicalShape() }
    let found = matching([flat], [layer("a")])
    #expect(try found.matches.first?.tensor.canonicalShape() == [2, 3])
  }
}
