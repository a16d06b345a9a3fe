public import Tensors

/// A configuration of a layer, for checks: hyper-parameters and the shapes of the operands.
public struct LayerExample: Sendable {
  /// What is special about the configuration, in a few words.
  public let name: String
  /// The hyper-parameters, as a file states them.
  public let hyperparameters: [String: HyperparameterValue]
  /// The shapes of the operands.
  public let shapes: OperandShapes
  /// For inputs that hold indices: one more than the largest.
  public let indexLimit: Int
  /// The elements of inputs that cannot be drawn at random, by position: lengths, padded labels.
  public let inputValues: [Int: [Double]]
  /// The problem for which the configuration must be refused; nil for a valid one.
  public let problem: LayerProblem?

  /// Describes a valid configuration.
  public init(
    _ name: String, _ hyperparameters: [String: HyperparameterValue] = [:],
    inputs: [Shape], parameters: [String: Shape] = [:], buffers: [String: Shape] = [:],
    auxiliary: [String: Shape] = [:], isTraining: Bool = false, indexLimit: Int = 1,
    inputValues: [Int: [Double]] = [:], refused problem: LayerProblem? = nil
  ) {
    self.name = name
    self.hyperparameters = hyperparameters
    self.shapes = OperandShapes(
      inputs: inputs, parameters: parameters, buffers: buffers, auxiliary: auxiliary,
      isTraining: isTraining)
    self.indexLimit = indexLimit
    self.inputValues = inputValues
    self.problem = problem
  }
}
