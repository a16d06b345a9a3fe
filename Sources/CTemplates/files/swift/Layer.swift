import Kernels
public import LayerKit
import Tensors

/// Multiplies each slice along one axis by a trained number.
///
///     y[n,c,a]  = g[c] · x[n,c,a]
///     dx[n,c,a] = g[c] · dy[n,c,a]
///     dg[c]     = Σ_{n,a} x[n,c,a] · dy[n,c,a]
///
/// - Shapes: x of any shape with the axis `dim` of length C, g (C) → y like x; n runs over the axes
///   before `dim`, a over those after it.
/// - Kinks: none.
struct XNAMELayer: Layer {
  static let signature = Signature(kind: "XPREFIX.XNAME", parameters: [.init("gain")])

  static let formula = "y[n,c,a] = g[c]·x[n,c,a]"

  // MARK: Hyper-parameters

  /// The axis that the gain runs along.
  let dim: Int

  init(_ hyperparameters: inout HyperparameterReader) {
    dim = hyperparameters.integer("dim", default: 1, in: 0...7)
  }

  // MARK: Shapes

  func outputShapes(_ operands: OperandShapes) throws -> [Shape] {
    let x = operands.inputs[0]
    guard dim < x.rank else {
      throw LayerProblem.wrongShape(tensor: "input", expected: "\(dim + 1) axes or more", found: x)
    }
    if let gain = operands.parameters["gain"], gain != [x[dim]] {
      throw LayerProblem.wrongShape(
        tensor: "parameters/gain", expected: "(\(x[dim]),)", found: gain)
    }
    return [x]
  }

  // MARK: Definition

  func define<S: Scalar>(_ operands: Operands<S>) -> Results<S> {
    Results(scaled(operands.inputs[0], by: operands.parameter("gain")))
  }

  private func scaled<S: Scalar>(_ x: Tensor<S>, by gain: Tensor<S>) -> Tensor<S> {
    let (_, channels, area) = x.shape.split(at: dim)
    return Tensor(x.shape, (0..<x.count).map { gain[$0 / area % channels] * x[$0] })
  }

  // MARK: Backward

  func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> {
    let (x, gain, dy) = (operands.inputs[0], operands.parameter("gain"), upstream[0])
    var gradients = Gradients<S>(inputs: [nil])
    // dx[n,c,a] = g[c] · dy[n,c,a]
    if wanted.inputs.contains(0) {
      gradients.inputs[0] = scaled(dy, by: gain)
    }
    // dg[c] = Σ_{n,a} x[n,c,a] · dy[n,c,a]
    if wanted.parameters.contains("gain") {
      let (batch, channels, area) = x.shape.split(at: dim)
      gradients.parameters["gain"] = Tensor(
        gain.shape,
        Reduction.channelSums(
          x.elements, times: dy.elements, batch: batch, channels: channels, area: area))
    }
    return gradients
  }

  // MARK: Bound

  /// One product for y and dx; a sum of products for dg.
  func bound(_ question: BoundQuestion) -> ErrorBound {
    let (batch, _, area) = question.operands.inputs[0].shape.split(at: dim)
    let isSum = question.tensor == .parameterGradient("gain")
    return .sum(
      terms: isSum ? batch * area : 1, magnitude: magnitude(question), products: false)
  }

  // MARK: Examples

  static let examples = [
    LayerExample("channels of images", inputs: [[2, 3, 4, 5]], parameters: ["gain": [3]]),
    LayerExample("one axis", ["dim": 0], inputs: [[7]], parameters: ["gain": [7]]),
    LayerExample("no samples", inputs: [[0, 2]], parameters: ["gain": [2]]),
    LayerExample(
      "as many gains as rows", inputs: [[2, 3]], parameters: ["gain": [2]],
      refused: .wrongShape(tensor: "parameters/gain", expected: "(3,)", found: [2])),
  ]
}

/// The kinds of layers of this package.
public enum XNAMELayers: Plugin {
  public static let name = "XPREFIX"
  public static let layers = [LayerDefinition(XNAMELayer.self)]
}
