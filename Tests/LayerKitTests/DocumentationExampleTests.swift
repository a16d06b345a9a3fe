import Conformance
import Foundation
import LayerKit
import Tensors
import Testing

/// The first plug-in of a registry owns the names without a prefix.
private enum NoLayers: Plugin {
  static let name = "standard"
  static let layers: [LayerDefinition] = []
}

private func gain(_ hyperparameters: [String: HyperparameterValue] = [:]) throws -> AnyLayer {
  let registry = try LayerRegistry([NoLayers.self, AcmeLayers.self])
  return try #require(registry["acme.Gain"]).layer(hyperparameters)
}

/// x = [[1, 2, 3], [4, 5, 6]], g = [10, 20, 30], dy = [[1, 1, 0], [2, −1, 1]], by hand:
/// y = [[10, 40, 90], [40, 100, 180]], dx = [[10, 20, 0], [20, −20, 30]],
/// dg = [1·1 + 4·2, 2·1 − 5·1, 3·0 + 6·1].
@Test func `the documented layer computes what one computes on paper`() throws {
  let layer = try gain()
  let operands = Operands<Double>(
    inputs: [Tensor([2, 3], [1, 2, 3, 4, 5, 6])],
    parameters: ["gain": Tensor([3], [10, 20, 30])])
  let dy = Tensor<Double>([2, 3], [1, 1, 0, 2, -1, 1])
  let gradients = try layer.double.backward(
    operands, [dy], GradientRequest(inputs: [0], parameters: ["gain"]))
  #expect(try layer.outputShapes(operands.shapes) == [[2, 3]])
  #expect(try layer.double.forward(operands).outputs[0].elements == [10, 40, 90, 40, 100, 180])
  #expect(gradients.inputs[0]?.elements == [10, 20, 0, 20, -20, 30])
  #expect(gradients.parameters["gain"]?.elements == [9, -3, 6])
}

@Test func `the documented layer conforms`() throws { try ConformanceKit.check(Gain.self) }

@Test func `the article quotes the code that is tested`() throws {
  let here = URL(filePath: #filePath).deletingLastPathComponent()
  let code = try String(
    contentsOf: here.appending(path: "DocumentationExample.swift"), encoding: .utf8)
  let article = try String(
    contentsOf: here.appending(
      path: "../../Sources/LayerKit/LayerKit.docc/YourOwnLayer.md"), encoding: .utf8)
  let start = try #require(code.firstRange(of: "\nimport "))
  let quoted = "```swift" + code[start.lowerBound...] + "```\n"
  let isQuoted = article.contains(quoted)
  #expect(isQuoted, "copy DocumentationExample.swift to the article, from its first import on")
}
