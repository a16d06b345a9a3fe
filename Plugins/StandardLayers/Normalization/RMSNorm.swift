// Source: torch.nn.RMSNorm (2.13); B. Zhang, R. Sennrich, *Root Mean Square Layer Normalization*,
// 2019, §4.

public import LayerKit
public import Tensors

/// Division by the root mean square of the trailing axes.
///
///     y[n,i] = w[i] · x[n,i] / √(mean over i of x[n,i]² + ε)
///
/// i runs over the axes that `normalized_shape` names, n over all others. Without `eps`, ε is the
/// machine epsilon of the type of the reference's input.
/// - Shapes: x [..., I], w [I], I any number of axes → y like x
/// - Kinks: none. A group of zeros stays 0, and becomes NaN for ε = 0.
public struct RMSNorm: NormalizationLayer {
  public static let signature = Signature(
    kind: "RMSNorm", parameters: [.init("weight", optional: true)])

  // MARK: Hyper-parameters

  private let axes: TrailingAxes
  /// ε, added to the mean square; nil for the machine epsilon.
  private let epsilon: Double?

  public init(_ hyperparameters: inout HyperparameterReader) {
    axes = TrailingAxes(&hyperparameters, hasBias: false)
    epsilon = hyperparameters.optionalReal(
      "eps", default: nil, in: 0...(.greatestFiniteMagnitude))
  }

  // MARK: Shapes

  public func outputShapes(_ operands: OperandShapes) throws -> [Shape] {
    try axes.check(operands)
    return operands.inputs
  }

  public var removesMean: Bool { false }

  public func groups(_ operands: OperandShapes) -> NormalizationGroups { axes.groups(operands) }

  /// The machine epsilon, the distance of 1 and the next number, is 2u.
  public func epsilon<S>(_ operands: Operands<S>) -> Double {
    epsilon.map { operands.normalizationEpsilon($0) } ?? 2 * operands.inputFormat.unitRoundoff
  }

  // MARK: Examples

  public static var examples: [LayerExample] {
    TrailingAxes.examples + [
      LayerExample(
        "ε of its own", ["normalized_shape": 5, "eps": 0.125], inputs: [[3, 5]]),
      LayerExample(
        "PyTorch's None", ["eps": "none"], inputs: [[3, 5]], parameters: ["weight": [5]]),
      LayerExample(
        "a negative ε", ["eps": -1.0], inputs: [[3, 5]], parameters: ["weight": [5]],
        refused: .outOfRange(hyperparameter: "eps", allowed: "0.0 or more", found: -1.0)),
      LayerExample(
        "a bias", inputs: [[3, 5]], parameters: ["weight": [5], "bias": [5]],
        refused: .unknownTensor("parameters/bias", closest: nil)),
    ]
  }
}
