// The mechanism of the dropouts. Chance is not repeated: the mask that was drawn is given. A kind
// states which inputs it takes and what it makes of what is kept and of what is not.

public import Kernels
public import LayerKit
public import Tensors

/// A layer that replaces random elements while training, given the mask that was drawn.
///
///     training:    y = scale·x·mask + (kept where mask = 1, dropped where mask = 0)
///                  dx = scale·dy·mask          y = dx = 0 where p = 1
///     evaluation:  y = x                       dx = dy
///
/// - Shapes: x of any shape that the kind takes → y of the same shape; the mask broadcasts to it.
/// - Kinks: none. Linear in x. NaN stays NaN, under a mask of 0 as well.
public protocol DropoutLayer: Layer {
  /// The registered name of the kind.
  static var kind: String { get }

  /// The probability that an element is dropped, 0 to 1.
  var probability: Double { get }

  /// What the layer makes of kept and dropped elements, for a probability below 1.
  var effect: DropoutEffect { get }

  /// The numbers of axes that PyTorch's class takes, and how they are written.
  static func allowedRanks(isTraining: Bool) -> (ranks: ClosedRange<Int>, notation: String)
}

/// What a dropout makes of the elements.
public struct DropoutEffect: Sendable {
  /// The factor of what is kept, rounded once.
  public let scale: Double
  /// What is added to what is kept.
  public let kept: Double
  /// What takes the place of what is dropped.
  public let dropped: Double
  /// The largest number whose rounding enters `kept` and `dropped`.
  public let magnitude: Double

  /// What is kept is multiplied by 1/(1 − p), what is dropped is 0.
  static func scaling(_ probability: Double) -> DropoutEffect {
    DropoutEffect(scale: 1 / (1 - probability), kept: 0, dropped: 0, magnitude: 0)
  }
}

extension HyperparameterReader {
  /// The probability of a dropout, 0.5 by default; `inplace` changes no number.
  mutating func dropoutProbability() -> Double {
    ignore("inplace")
    return real("p", default: 0.5, in: 0...1)
  }
}

extension DropoutLayer {
  public static var signature: Signature {
    Signature(
      kind: kind, auxiliary: [.init("mask", .mask, optional: true)],
      traits: [.elementwise, .dependsOnTraining])
  }

  public var effect: DropoutEffect { .scaling(probability) }

  public static func allowedRanks(isTraining: Bool) -> (ranks: ClosedRange<Int>, notation: String) {
    (0...Int.max, "any")
  }

  /// Whether the mask cannot be known from p: where p is 0 or 1 it is not needed.
  private var needsMask: Bool { probability > 0 && probability < 1 }

  // MARK: Shapes

  /// A mask is needed in training alone, and only where chance had a choice.
  public func outputShapes(_ operands: OperandShapes) throws -> [Shape] {
    let x = operands.inputs[0]
    let allowed = Self.allowedRanks(isTraining: operands.isTraining)
    guard allowed.ranks.contains(x.rank) else {
      throw LayerProblem.wrongShape(tensor: "input", expected: allowed.notation, found: x)
    }
    guard let mask = operands.auxiliary["mask"] else {
      guard !operands.isTraining || !needsMask else {
        throw LayerProblem.missingTensor("auxiliary/mask")
      }
      return [x]
    }
    guard Shape.broadcast([x, mask]) == x else {
      throw LayerProblem.wrongShape(
        tensor: "auxiliary/mask", expected: "one that broadcasts to \(x)", found: mask)
    }
    return [x]
  }

  public func checkValues<S: KernelScalar>(_ operands: Operands<S>) throws {
    guard let mask = operands.auxiliary["mask"] else { return }
    for (offset, value) in mask.elements.enumerated() where value != 0 && value != 1 {
      throw LayerProblem.wrongValue(
        tensor: "auxiliary/mask", index: mask.shape.index(at: offset), value: value.value,
        allowed: "0 or 1")
    }
  }

  // MARK: Definition

  public func define<S: Scalar>(_ operands: Operands<S>) -> Results<S> {
    let (kept, dropped) = (S(effect.kept), S(effect.dropped))
    return Results(
      applied(to: operands.inputs[0], operands) { product, mask in
        product + (mask > .zero ? kept : dropped)
      })
  }

  // MARK: Backward

  /// The layer is diagonal: the gradient is what its linear part makes of dy.
  public func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> {
    guard wanted.inputs.contains(0) else { return Gradients(inputs: [nil]) }
    return Gradients(input: applied(to: upstream[0], operands) { product, _ in product })
  }

  /// scale·x·mask, completed from it and the mask; x itself where nothing can be dropped.
  private func applied<S: Scalar>(
    to x: Tensor<S>, _ operands: Operands<S>, _ complete: @escaping @Sendable (S, S) -> S
  ) -> Tensor<S> {
    guard operands.isTraining else { return x }
    guard probability < 1 else { return x.mapInParallel { $0 * .zero } }
    guard let mask = operands.auxiliary["mask"] else { return x }
    let scale = S(effect.scale)
    return Broadcasting.combine(x, mask) { complete($0 * $1 * scale, $1) }
  }

  // MARK: Bound

  /// γ(3)·|scale·x·mask| + η, or γ(4)·|scale·x·mask| + γ(6)·m + 2η where a number is added.
  ///
  /// Equal bits where the factor is a power of two and nothing is added.
  ///
  /// Frameworks multiply by the rounded factor, divide by the rounded 1 − p, or round
  /// mask/(1 − p) first: at most three roundings. What is added is a sum of numbers up to m,
  /// each a product of rounded constants, and the sum with the product rounds once more.
  public func bound(_ question: BoundQuestion) -> ErrorBound {
    let operands = question.operands
    let effect = effect
    guard operands.isTraining, probability < 1 else { return .exact }
    let isOutput = question.tensor == .output(0)
    let added = isOutput ? effect.magnitude : 0
    guard effect.scale.significand != 1 || added > 0 else { return .exact }
    let rounding = question.rounding
    let x = isOutput ? operands.inputs[0] : question.upstream[0]
    let products = applied(to: x, operands) { product, _ in product }
    let roundings = added > 0 ? 4 : 3
    let constant = added > 0 ? rounding.gamma(6) * added + rounding.underflow : 0
    return .elementwise(
      products.mapInParallel {
        let own = $0 == 0 ? 0 : rounding.gamma(roundings) * $0.magnitude + rounding.underflow
        return own + constant
      })
  }
}
