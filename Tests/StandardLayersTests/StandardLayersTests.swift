import Foundation
import LayerKit
import StandardLayers
import Testing

@Test func `every layer type of the folder is in the list, in alphabetical order`() throws {
  let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Plugins/StandardLayers")
  let files = try #require(
    FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil))
  // A layer is a public structure that conforms to `Layer` or to a protocol that refines it.
  let declaration = /public struct (\w+): (?:\w+, )*(?:Layer|\w+Layer|\w+Loss)\b/
  var types: [String] = []
  for case let file as URL in files where file.pathExtension == "swift" {
    let text = try String(contentsOf: file, encoding: .utf8)
    types += text.matches(of: declaration).map { String($0.1) }
  }
  #expect(StandardLayers.layers.map(\.signature.kind) == types.sorted())
}

@Test func `the standard layers can be registered`() throws {
  let registry = try LayerRegistry([StandardLayers.self])
  #expect(registry.kinds.count == StandardLayers.layers.count)
  #expect(registry.owner(of: "Conv2d") == "standard")
}

@Test func `every standard kind states its formula, forward and backward`() throws {
  for definition in StandardLayers.layers {
    let example = try #require(definition.examples.first { $0.problem == nil })
    let formula = try definition.layer(example.hyperparameters).formula
    #expect(!formula.isEmpty, "\(definition.signature.kind)")
    for line in formula.split(separator: "\n") { #expect(line.count <= 92, "\(line)") }
  }
}
