import FixtureDrafts
import LayerKit
import PluginHost
import Tensors
import Testing

/// The texts in which a plug-in in C states its examples.
@Suite struct ExampleTextTests {
  private func hyperparameters(_ text: String) throws -> [String: HyperparameterValue] {
    let literal = text.replacing("\"", with: "\\\"")
    let plugin = try TestPlugin([
      "IN_TYPE": """
      static const cnn_example one[] = {CNN_EXAMPLE("one", "\(literal)", "input=2x3:1,2,3,4,5,6")}; \
      bad.examples = one; bad.example_count = 1;
      """
    ])
    let example = try #require(plugin.library.layers.last?.examples.first)
    #expect(example.shapes.inputs == [[2, 3]])
    #expect(example.inputValues == [0: [1, 2, 3, 4, 5, 6]])
    return example.hyperparameters
  }

  @Test(
    arguments: [
      ("s=3", .integer(3)), ("s=-3", .integer(-3)), ("s=0.5", .real(0.5)), ("s=1e-5", .real(1e-5)),
      ("s=inf", .real(.infinity)), ("s=true", .boolean(true)), ("s=zeros", .text("zeros")),
      ("s=\"two words\"", .text("two words")), ("s=\"3\"", .text("3")), ("s=3,4", [3, 4]),
      ("s=[3,4]", [3, 4]), ("s=[3]", [3]), ("s=[]", []), ("s=[[1,2],[3]]", [[1, 2], [3]]),
      ("s=[\"a,b\",c]", ["a,b", "c"]),
    ] as [(String, HyperparameterValue)])
  func `values are read`(text: String, value: HyperparameterValue) throws {
    #expect(try hyperparameters("other=1  \(text)") == ["other": 1, "s": value])
  }
}
