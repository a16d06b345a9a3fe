import LayerKit
import StandardLayers
import Tensors
import Testing

/// One layer applied to numbers, and what PyTorch computed from them.
struct TorchCase: CustomTestStringConvertible, Sendable {
  private let name: String
  private let kind: String
  private let hyperparameters: [String: HyperparameterValue]
  private let operands: Operands<Double>
  private let upstream: Tensor<Double>
  private let output: Tensor<Double>
  private let inputGradients: [Tensor<Double>]
  private let parameterGradients: [String: Tensor<Double>]
  private let updatedBuffers: [String: Tensor<Double>]

  var testDescription: String { "\(kind): \(name)" }

  init(
    _ name: String, _ kind: String, _ hyperparameters: [String: HyperparameterValue],
    inputs: [Tensor<Double>], parameters: [String: Tensor<Double>] = [:],
    buffers: [String: Tensor<Double>] = [:], isTraining: Bool = false, upstream: Tensor<Double>,
    output: Tensor<Double>, inputGradients: [Tensor<Double>],
    parameterGradients: [String: Tensor<Double>] = [:],
    updatedBuffers: [String: Tensor<Double>] = [:]
  ) {
    self.name = name
    self.kind = kind
    self.hyperparameters = hyperparameters
    operands = Operands(
      inputs: inputs, parameters: parameters, buffers: buffers, isTraining: isTraining)
    self.upstream = upstream
    self.output = output
    self.inputGradients = inputGradients
    self.parameterGradients = parameterGradients
    self.updatedBuffers = updatedBuffers
  }

  /// Expects the same numbers, but for the rounding of a few dozen operations.
  func check() throws {
    let layer = try Application.layer(kind, hyperparameters)
    #expect(try layer.outputShapes(operands.shapes) == [output.shape])
    try layer.double.checkValues(operands)
    for results in [try layer.double.define(operands), try layer.double.forward(operands)] {
      #expect(results.outputs[0].relativeDifference(from: output) <= 1e-13)
      for (name, expected) in updatedBuffers {
        let found = try #require(results.buffers[name] ?? operands.buffers[name])
        #expect(found.relativeDifference(from: expected) <= 1e-13, "\(name)")
      }
    }
    let wanted = GradientRequest(
      inputs: Set(operands.inputs.indices), parameters: Set(operands.parameters.keys))
    let gradients = try layer.double.backward(operands, [upstream], wanted)
    let found = gradients.inputs.compactMap { $0 }
    #expect(found.count == inputGradients.count)
    for (found, expected) in zip(found, inputGradients) {
      #expect(found.relativeDifference(from: expected) <= 1e-13)
    }
    #expect(gradients.parameters.keys.sorted() == parameterGradients.keys.sorted())
    for (name, expected) in parameterGradients {
      let found = try #require(gradients.parameters[name])
      #expect(found.relativeDifference(from: expected) <= 1e-13, "\(name)")
    }
  }
}
