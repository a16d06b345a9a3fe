import FixtureDrafts
import LayerKit
import PluginHost
import Tensors
import Testing

extension PluginOptions {
  /// The built command as the process, and little patience.
  static func forTests(seconds: Int = 2, memory: Int = 16 << 30) -> PluginOptions {
    PluginOptions(executable: BuiltCommand.path, seconds: seconds, memory: memory)
  }
}

/// A plug-in that a test built, loaded.
struct TestPlugin {
  let library: PluginLibrary
  private let built: BuiltPlugin

  init(
    _ places: [String: String] = [:], options: PluginOptions = .forTests(),
    header: String = BuiltPlugin.header, flags: [String] = []
  ) throws {
    built = try BuiltPlugin(places, header: header, flags: flags)
    library = try PluginLibrary(path: built.path, options: options)
  }

  /// A layer of one of the kinds.
  func layer(
    _ kind: String, _ hyperparameters: [String: HyperparameterValue] = [:]
  ) throws -> AnyLayer {
    let definition = try #require(library.layers.first { $0.signature.kind == kind })
    return try definition.layer(hyperparameters)
  }

  /// Six numbers.
  static let operands = Operands(inputs: [Tensor([2, 3], [1.0, -2, 3, 0.5, 0, -7])])
  static let upstream = [Tensor([2, 3], [1.0, 2, 4, 8, 16, 32])]

  /// Everything that a check asks of a layer of one input: shapes, values, outputs, gradient, bound.
  static func use(_ layer: AnyLayer) throws {
    _ = try layer.outputShapes(operands.shapes)
    try layer.double.checkValues(operands)
    let output = try layer.double.forward(operands).outputs[0]
    let wanted = GradientRequest(inputs: [0], parameters: [])
    _ = try layer.double.backward(operands, upstream, wanted)
    _ = try layer.bound(
      BoundQuestion(
        .output(0), operands: operands, upstream: [], computed: output,
        rounding: Rounding(.float32)))
  }
}
