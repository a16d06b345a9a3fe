import LayerKit
import Tensors
import Testing

/// A kind with hyper-parameters, as an argument of a test.
struct Configuration: CustomTestStringConvertible, Sendable {
  let kind: String
  let hyperparameters: [String: HyperparameterValue]

  init(_ kind: String, _ hyperparameters: [String: HyperparameterValue] = [:]) {
    self.kind = kind
    self.hyperparameters = hyperparameters
  }

  var testDescription: String {
    hyperparameters.isEmpty
      ? kind
      : "\(kind) "
        + hyperparameters.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        .joined(separator: ", ")
  }

  /// The configured layer.
  func layer() throws -> AnyLayer { try Application.layer(kind, hyperparameters) }

  /// The layer applied to numbers, forward and backward.
  func applied(
    to inputs: [Tensor<Double>], format: NumberFormat = .float64, upstream: Tensor<Double>
  ) throws -> Application {
    try Application(kind, hyperparameters, on: inputs, format: format, upstream: upstream)
  }
}
