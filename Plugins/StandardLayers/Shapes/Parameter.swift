// Source: torch.nn.Parameter (2.13), used as a tensor of the network: a layer scale, a position.

public import Kernels
public import LayerKit
public import Tensors

/// The layer without an input whose output is its parameter.
///
///     y = value          dvalue = dy
///
/// - Shapes: value of any shape → y of that shape.
/// - Kinks: none.
public struct Parameter: Layer {
  public static let signature = Signature(
    kind: "Parameter", inputs: [], parameters: [.init("value")])

  // MARK: Hyper-parameters

  public init(_ hyperparameters: inout HyperparameterReader) {}

  // MARK: Shapes

  public func outputShapes(_ operands: OperandShapes) throws -> [Shape] {
    guard let shape = operands.parameters["value"] else {
      throw LayerProblem.missingTensor("parameters/value")
    }
    return [shape]
  }

  // MARK: Definition

  public func define<S: Scalar>(_ operands: Operands<S>) -> Results<S> {
    Results(operands.parameter("value"))
  }

  // MARK: Backward

  public func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> {
    Gradients(inputs: [], parameters: ["value": upstream[0]])
  }

  // MARK: Bound

  public func bound(_ question: BoundQuestion) -> ErrorBound { .exact }

  // MARK: Examples

  public static var examples: [LayerExample] {
    [
      LayerExample("one number for each channel", inputs: [], parameters: ["value": [3, 1, 1]]),
      LayerExample("one number", inputs: [], parameters: ["value": []]),
      LayerExample("five axes", inputs: [], parameters: ["value": [1, 2, 1, 3, 2]]),
      LayerExample("no number", inputs: [], parameters: ["value": [0, 2]]),
      LayerExample("no value", inputs: [], refused: .missingTensor("parameters/value")),
      LayerExample(
        "an input", inputs: [[2]], parameters: ["value": [2]],
        refused: .inputCount(allowed: 0...0, found: 1)),
    ]
  }
}
