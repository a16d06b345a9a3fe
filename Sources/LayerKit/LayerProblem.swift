public import Tensors

/// One thing that is wrong with the description of a layer: facts only.
///
/// The sentence that a person reads is made in `LayerProblem+Description.swift`.
public enum LayerProblem: Error, Hashable, Sendable {
  // Hyper-parameters.
  case unknownHyperparameter(String, closest: String?)
  case missingHyperparameter(String)
  case wrongType(hyperparameter: String, expected: String, found: HyperparameterValue)
  case outOfRange(hyperparameter: String, allowed: String, found: HyperparameterValue)
  /// A declared size (`in_channels`) is not what the tensors say.
  case contradiction(
    hyperparameter: String, declared: HyperparameterValue, tensors: HyperparameterValue)

  // Tensors.
  case inputCount(allowed: ClosedRange<Int>, found: Int)
  case unknownTensor(String, closest: String?)
  case missingTensor(String)
  /// `expected` names the shape in the notation of the documentation: `(N, C, H, W)`.
  case wrongShape(tensor: String, expected: String, found: Shape)
  /// Kernel, dilation and padding leave no place for a single window along an axis.
  case emptyOutput(axis: String, extent: Int, padding: Int, effectiveKernel: Int)
  case wrongValue(tensor: String, index: [Int], value: Double, allowed: String)

  /// Anything else, for layers of others: one sentence without a final period.
  case other(String)
}
