// Goals, in order: 1 agree with the definition; 2 be obvious; 3 be fast enough.
// Source: torch.nn.LocalResponseNorm (2.13); A. Krizhevsky, I. Sutskever, G. E. Hinton, *ImageNet
// Classification with Deep Convolutional Neural Networks*, 2012, §3.3, with α divided by the size.

public import Kernels
public import LayerKit
public import Tensors

/// Division by a power of the mean square of neighbouring channels.
///
///     D[c] = k + α · (1/size) Σ_j x[j]²,   j = c − ⌊size/2⌋ … c + ⌊(size − 1)/2⌋
///     y[c] = x[c] / D[c]^β
///
/// at each place of each sample. Channels outside of the tensor count as 0, in the mean too.
/// - Shapes: x [N, C, d₁, …] → y like x
/// - Kinks: none where D > 0. Elsewhere the power may be NaN or infinite, as in PyTorch.
public struct LocalResponseNorm: Layer {
  public static let signature = Signature(
    kind: "LocalResponseNorm", traits: .independentSamples)

  // MARK: Hyper-parameters

  /// The number of channels in a window.
  let size: Int
  /// α, default 1e-4.
  let alpha: Double
  /// β, default 0.75.
  let beta: Double
  /// k, default 1.
  let k: Double

  public init(_ hyperparameters: inout HyperparameterReader) {
    size = hyperparameters.integer("size", in: 1...(1 << 31))
    alpha = hyperparameters.real("alpha", default: 1e-4)
    beta = hyperparameters.real("beta", default: 0.75)
    k = hyperparameters.real("k", default: 1)
  }

  // MARK: Shapes

  public func outputShapes(_ operands: OperandShapes) throws -> [Shape] {
    let x = operands.inputs[0]
    guard x.rank >= 3 else {
      throw LayerProblem.wrongShape(tensor: "input", expected: "(N, C, L, …)", found: x)
    }
    return [x]
  }

  /// The channels of the window of one channel.
  func window(_ channel: Int, of channels: Int) -> Range<Int> {
    max(0, channel - size / 2)..<min(channels, channel + (size - 1) / 2 + 1)
  }

  /// The channels whose windows hold one channel.
  func holders(_ channel: Int, of channels: Int) -> Range<Int> {
    max(0, channel - (size - 1) / 2)..<min(channels, channel + size / 2 + 1)
  }

  // MARK: Definition

  public func define<S: Scalar>(_ operands: Operands<S>) -> Results<S> {
    let x = operands.inputs[0]
    let power = operands.format.rounded(beta)
    return Results(
      Tensor(
        x.shape,
        zip(x.elements, bases(operands)).map { x, base in x / S.power(base, power) }))
  }

  /// D of each element.
  func bases<S: Scalar>(_ operands: Operands<S>) -> [S] {
    let x = operands.inputs[0]
    let (outer, channels, inner) = x.shape.split(at: 1)
    let (k, alpha, size) = (
      operands.constant(k), operands.constant(alpha), S(Double(size))
    )
    var bases = x.elements
    for n in 0..<outer {
      for c in 0..<channels {
        for i in 0..<inner {
          var sum = S.zero
          for j in window(c, of: channels) {
            let neighbour = x[(n * channels + j) * inner + i]
            sum += neighbour * neighbour
          }
          bases[(n * channels + c) * inner + i] = k + alpha * (sum / size)
        }
      }
    }
    return bases
  }

  // MARK: Backward

  /// dx[c] = dy[c]/D[c]^β − 2αβ/size · x[c] · Σ_j dy[j]·x[j] / D[j]^(β+1), over the windows j that
  /// hold c.
  public func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> {
    guard wanted.inputs.contains(0) else { return Gradients(inputs: [nil]) }
    let x = operands.inputs[0]
    let dy = upstream[0]
    let power = operands.format.rounded(beta)
    let bases = bases(operands)
    var dx = x
    for offset in 0..<x.count { dx[offset] = dy[offset] / S.power(bases[offset], power) }
    guard power != 0 else { return Gradients(input: dx) }
    let products = (0..<x.count).map { dx[$0] * x[$0] / bases[$0] }
    let factor = S(2 * operands.format.rounded(alpha) * power / Double(size))
    let (outer, channels, inner) = x.shape.split(at: 1)
    for n in 0..<outer {
      for c in 0..<channels {
        for i in 0..<inner {
          var sum: S = 0
          for j in holders(c, of: channels) { sum += products[(n * channels + j) * inner + i] }
          let offset = (n * channels + c) * inner + i
          dx[offset] -= factor * x[offset] * sum
        }
      }
    }
    return Gradients(input: dx)
  }

  // MARK: Bound

  public func bound(_ question: BoundQuestion) -> ErrorBound {
    let elements = LocalResponseRounding.measure(self, question)
    guard case .inputGradient = question.tensor else {
      return .elementwise(question.computed.zip(elements) { $1.quotient($0) })
    }
    return .elementwise(gradientLimits(question, elements))
  }

  /// The error of dx = a − f·x·Σ t, a = dy/D^β, f = 2αβ/size, t = dy·x/D^(β+1).
  ///
  ///     1.01·[E_a + u|a| + |f·x|·(Σ E_t + γ(size + 6)·Σ|t|)] + 2η
  private func gradientLimits(
    _ question: BoundQuestion, _ elements: Tensor<LocalResponseRounding>
  ) -> Tensor<Double> {
    let operands = question.operands
    let x = operands.inputs[0]
    let dy = question.upstream[0]
    let gamma = question.rounding.gamma(size + 6)
    let factor = (2 * alpha * beta / Double(size)).magnitude
    let largest = operands.format.largestFinite
    let (_, channels, inner) = x.shape.split(at: 1)
    var limits = x
    for offset in 0..<x.count {
      let (place, c) = (offset % inner, offset / inner % channels)
      let first = offset - place - c * inner
      var (sum, magnitude) = (0.0, 0.0)
      for j in holders(c, of: channels) {
        let element = elements[first + j * inner + place]
        let product = dy[first + j * inner + place] * x[first + j * inner + place]
        let term = (product / element.power / element.base).magnitude
        sum += element.term(product) + gamma * term
        magnitude += term
      }
      let own = elements[offset]
      let a = (dy[offset] / own.power).magnitude
      let other = factor == 0 ? 0 : factor * x[offset].magnitude * sum
      guard max(a, factor * x[offset].magnitude * magnitude) <= largest else {
        limits[offset] = .infinity
        continue
      }
      limits[offset] =
        1.01 * (own.quotient(a) + question.rounding.unit * a + other)
        + 2 * question.rounding.underflow
    }
    return limits
  }

  // MARK: Examples

  public static var examples: [LayerExample] {
    [
      LayerExample("three channels", ["size": 3], inputs: [[2, 5, 3, 2]]),
      LayerExample(
        "an even size, strong", ["size": 4, "alpha": 0.75, "beta": 0.5, "k": 2],
        inputs: [[2, 5, 4]]),
      LayerExample(
        "a window wider than the channels", ["size": 9, "alpha": 1.5], inputs: [[1, 3, 2, 1, 2]]),
      LayerExample("one channel in a window", ["size": 1, "alpha": 1], inputs: [[2, 3, 4]]),
      LayerExample(
        "six axes, a negative power", ["size": 2, "alpha": 0.5, "beta": -1.25],
        inputs: [[1, 2, 1, 2, 1, 2]]),
      LayerExample("a power of 0", ["size": 2, "beta": 0], inputs: [[2, 3, 2]]),
      LayerExample("no sample", ["size": 2], inputs: [[0, 3, 2]]),
      LayerExample("no size", inputs: [[2, 3, 2]], refused: .missingHyperparameter("size")),
      LayerExample(
        "a size of 0", ["size": 0], inputs: [[2, 3, 2]],
        refused: .outOfRange(
          hyperparameter: "size", allowed: "1 to \(1 << 31)", found: 0)),
      LayerExample(
        "no space", ["size": 2], inputs: [[2, 3]],
        refused: .wrongShape(tensor: "input", expected: "(N, C, L, …)", found: [2, 3])),
    ]
  }
}
