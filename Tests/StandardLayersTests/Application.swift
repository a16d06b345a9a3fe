import LayerKit
import StandardLayers
import Tensors
import Testing

/// One standard layer applied to numbers that a person wrote down.
struct Application {
  /// The outputs in order.
  let outputs: [Tensor<Double>]
  /// The gradient of each input.
  let gradients: [Tensor<Double>?]

  /// Applies a kind forward, and backward with the given upstream gradient.
  init(
    _ kind: String, _ hyperparameters: [String: HyperparameterValue] = [:],
    on inputs: [Tensor<Double>], auxiliary: [String: Tensor<Double>] = [:],
    isTraining: Bool = false, format: NumberFormat = .float64, upstream: Tensor<Double>
  ) throws {
    let layer = try Self.layer(kind, hyperparameters)
    let operands = Operands(
      inputs: inputs, auxiliary: auxiliary, isTraining: isTraining, format: format)
    #expect(try layer.outputShapes(operands.shapes) == [upstream.shape])
    try layer.double.checkValues(operands)
    outputs = try layer.double.forward(operands).outputs
    let wanted = GradientRequest(inputs: Set(inputs.indices), parameters: [])
    gradients = try layer.double.backward(operands, [upstream], wanted).inputs
  }

  /// The elements of the first output.
  var output: [Double] { outputs[0].elements }

  /// The elements of the gradient of an input; empty where there is none.
  func gradient(_ input: Int = 0) -> [Double] { gradients[input]?.elements ?? [] }

  /// A configured standard layer.
  static func layer(
    _ kind: String, _ hyperparameters: [String: HyperparameterValue] = [:]
  ) throws -> AnyLayer {
    let definition = try #require(StandardLayers.layers.first { $0.signature.kind == kind })
    return try definition.layer(hyperparameters)
  }
}

extension Tensor<Double> {
  /// A tensor of one axis.
  static func row(_ elements: Double...) -> Tensor<Double> {
    Tensor([elements.count], elements)
  }
}
