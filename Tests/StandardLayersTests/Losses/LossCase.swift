import LayerKit
import Tensors
import Testing

/// A loss, and what torch 2.13.0+cpu computed for it in float64.
struct LossCase: CustomTestStringConvertible, Sendable {
  private let name: String
  private let kind: String
  private let hyperparameters: [String: HyperparameterValue]
  private let inputs: [Tensor<Double>]
  private let auxiliary: [String: Tensor<Double>]
  private let upstream: Tensor<Double>
  private let value: Tensor<Double>
  private let gradients: [Tensor<Double>?]

  init(
    _ name: String, _ kind: String, _ hyperparameters: [String: HyperparameterValue],
    inputs: [Tensor<Double>], auxiliary: [String: Tensor<Double>] = [:],
    upstream: Tensor<Double>, value: Tensor<Double>, gradients: [Tensor<Double>?]
  ) {
    self.name = name
    self.kind = kind
    self.hyperparameters = hyperparameters
    self.inputs = inputs
    self.auxiliary = auxiliary
    self.upstream = upstream
    self.value = value
    self.gradients = gradients
  }

  var testDescription: String { "\(kind): \(name)" }

  /// Computes the loss and expects the value and every gradient of PyTorch, and no other.
  func check() throws {
    let found = try Application(
      kind, hyperparameters, on: inputs, auxiliary: auxiliary, upstream: upstream)
    #expect(Self.agree(found.outputs[0], value), "\(found.outputs[0]) is not \(value)")
    for (input, expected) in gradients.enumerated() {
      let gradient = found.gradients[input]
      switch (gradient, expected) {
      case (nil, nil): break
      case (let gradient?, let expected?):
        #expect(Self.agree(gradient, expected), "\(gradient) is not \(expected), input \(input)")
      default: Issue.record("a gradient too many or too few, input \(input)")
      }
    }
  }

  /// The same NaN and infinities; for the rest a difference of some roundings.
  private static func agree(_ a: Tensor<Double>, _ b: Tensor<Double>) -> Bool {
    a.shape == b.shape
      && zip(a.elements, b.elements).allSatisfy { a, b in
        a == b || (a.isNaN && b.isNaN) || (a - b).magnitude <= 1e-13 * max(1, b.magnitude)
      }
  }
}
