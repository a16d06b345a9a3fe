// Source: torch.nn.LayerNorm (2.13); J. L. Ba, J. R. Kiros, G. E. Hinton, *Layer Normalization*,
// 2016, §3.

public import LayerKit
public import Tensors

/// Normalisation over the trailing axes.
///
///     y[n,i] = w[i] · (x[n,i] − μ[n]) / √(v[n] + ε) + b[i]
///
/// i runs over the axes that `normalized_shape` names, n over all others; μ and v are the mean and
/// the biased variance over i.
/// - Shapes: x [..., I], w and b [I], I any number of axes → y like x
/// - Kinks: none. A constant group becomes b, and NaN for ε = 0.
public struct LayerNorm: NormalizationLayer {
  public static let signature = Signature(
    kind: "LayerNorm",
    parameters: [.init("weight", optional: true), .init("bias", optional: true)])

  // MARK: Hyper-parameters

  private let axes: TrailingAxes
  /// ε, added to the variance; default 1e-5.
  private let epsilon: Double

  public init(_ hyperparameters: inout HyperparameterReader) {
    axes = TrailingAxes(&hyperparameters, hasBias: true)
    epsilon = hyperparameters.real("eps", default: 1e-5, in: 0...(.greatestFiniteMagnitude))
  }

  // MARK: Shapes

  public func outputShapes(_ operands: OperandShapes) throws -> [Shape] {
    try axes.check(operands)
    return operands.inputs
  }

  public func groups(_ operands: OperandShapes) -> NormalizationGroups { axes.groups(operands) }

  public func epsilon<S>(_ operands: Operands<S>) -> Double {
    operands.normalizationEpsilon(epsilon)
  }

  // MARK: Examples

  public static var examples: [LayerExample] {
    TrailingAxes.examples + [
      LayerExample(
        "a weight without a bias", ["bias": false], inputs: [[3, 5]], parameters: ["weight": [5]]),
      LayerExample(
        "a bias without a weight", ["elementwise_affine": false], inputs: [[3, 5]],
        parameters: ["bias": [5]]),
      LayerExample(
        "weight and bias", ["normalized_shape": [3, 2], "eps": 0.125, "bias": true],
        inputs: [[4, 3, 2]], parameters: ["weight": [3, 2], "bias": [3, 2]]),
      LayerExample(
        "a bias of other axes", inputs: [[4, 3]], parameters: ["weight": [3], "bias": [4]],
        refused: .wrongShape(tensor: "parameters/bias", expected: "(3,)", found: [4])),
      LayerExample(
        "a declared bias that is not there", ["bias": true], inputs: [[4, 3]],
        parameters: ["weight": [3]],
        refused: .contradiction(hyperparameter: "bias", declared: true, tensors: false)),
    ]
  }
}
