// Goals, in order: 1 agree with the definition; 2 be obvious; 3 be fast enough.
// Source: torch.nn.CrossEntropyLoss (2.13); label smoothing as in C. Szegedy et al., *Rethinking the
// Inception Architecture*, 2016, §7.

public import Kernels
public import LayerKit
public import Tensors

/// Cross entropy between the softmax of scores and a target distribution.
///
///     value[n] = −Σ_c q[n,c] · ℓ[n,c],   ℓ = log softmax of x over the classes
///     q[n,c] = w[c] · ((1 − ε)·t[n,c] + ε/C)
///
/// The target is a class index for each position (t is 1 for this class and 0 for the others) or,
/// if it has the shape of x, t itself. ε is `label_smoothing`, w the weights of the classes.
/// Positions whose index is `ignore_index` have the value 0. A mean is divided by Σ w[index] over
/// the other positions (so it is NaN if there are none), or by the number of positions if the
/// target is t itself.
/// - Shapes: x [N, C, d₁, …] or [C], target [N, d₁, …] or [] or that of x, w [C] → scalar, or
///   [N, d₁, …] for the reduction `none`
/// - Kinks: none.
public struct CrossEntropyLoss: Layer {
  // MARK: Kind

  public static let signature = Signature(
    kind: "CrossEntropyLoss", inputs: [.init("input"), .init("target", .labels)],
    auxiliary: [.init("weight", .positiveNumbers, optional: true)], traits: .loss)

  // MARK: Hyper-parameters

  let reduction: LossReduction
  /// The index that marks a position to be left out; default −100.
  let ignored: Int
  /// ε, from 0 to 1; default 0.
  let smoothing: Double

  public init(_ hyperparameters: inout HyperparameterReader) {
    reduction = hyperparameters.reduction()
    ignored = hyperparameters.integer("ignore_index", default: -100, in: .min ... .max)
    smoothing = hyperparameters.real("label_smoothing", default: 0, in: 0...1)
  }

  // MARK: Shapes

  public func outputShapes(_ operands: OperandShapes) throws -> [Shape] {
    let scores = try ClassScores.checked(operands)
    let (x, target) = (operands.inputs[0], operands.inputs[1])
    guard target == x || scores.areIndices(target) else {
      throw LayerProblem.wrongShape(
        tensor: "target", expected: "\(scores.positions) or \(x)", found: target)
    }
    if target == x, ignored >= 0 {
      throw LayerProblem.outOfRange(
        hyperparameter: "ignore_index",
        allowed: "a negative number where the target is not indices",
        found: .integer(ignored))
    }
    return [reduction.shape(of: scores.positions)]
  }

  public func checkValues<S: KernelScalar>(_ operands: Operands<S>) throws {
    let (x, target) = (operands.inputs[0], operands.inputs[1])
    guard target.shape != x.shape else { return }
    try ClassScores(x.shape).checkIndices(target, ignoring: ignored)
  }

  // MARK: Definition

  public func define<S: Scalar>(_ operands: Operands<S>) -> Results<S> {
    let scores = ClassScores(operands.inputs[0].shape)
    let target = ClassTarget(self, operands, scores)
    var values = Tensor(scores.positions, repeating: S.zero)
    for position in 0..<values.count where !target.isIgnored(position) {
      let row = scores.logarithms(operands.inputs[0], at: position)
      for c in target.classes(position) {
        values[position] = values[position] - target.q(position, c) * row[c]
      }
    }
    return Results(reduction.value(values, denominator: target.denominator))
  }

  // MARK: Backward

  /// dx[n,c] = s·(p[n,c]·Σ_k q[n,k] − q[n,c]) / denominator, p = exp ℓ.
  ///
  /// dt[n,c] = −s·w[c]·(1 − ε)·ℓ[n,c] / denominator
  public func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> {
    let x = operands.inputs[0]
    let scores = ClassScores(x.shape)
    let target = ClassTarget(self, operands, scores)
    var dx = Tensor(x.shape, repeating: S.zero)
    let reachesTarget = !target.isIndices && wanted.inputs.contains(1)
    var dt = reachesTarget ? dx : nil
    for position in 0..<scores.positions.count where !target.isIgnored(position) {
      let row = scores.logarithms(x, at: position)
      let s = reduction.upstream(upstream[0], at: position, denominator: target.denominator)
      var total = S.zero
      for c in target.classes(position) { total += target.q(position, c) }
      for c in 0..<scores.classes {
        let offset = scores.offset(position, c)
        dx[offset] = s * (S.exp(row[c]) * total - target.q(position, c))
        dt?[offset] = -s * target.slope(c) * row[c]
      }
    }
    return Gradients(inputs: [wanted.inputs.contains(0) ? dx : nil, dt])
  }
}

/// The distribution q that a target stands for.
struct ClassTarget<S: Scalar> {
  /// Whether the target is an index for each position.
  let isIndices: Bool
  /// What a mean is divided by.
  let denominator: S
  private let target: Tensor<S>
  private let labels: [Int?]
  private let scores: ClassScores
  private let weight: Tensor<S>?
  private let kept: S
  private let spread: S
  private let isSmoothed: Bool

  init(_ layer: CrossEntropyLoss, _ operands: Operands<S>, _ scores: ClassScores) {
    target = operands.inputs[1]
    isIndices = target.shape != operands.inputs[0].shape
    labels = isIndices ? scores.labels(target, ignoring: layer.ignored) : []
    weight = operands.auxiliary["weight"]
    isSmoothed = layer.smoothing > 0
    kept = operands.constant(1 - layer.smoothing)
    spread = operands.constant(layer.smoothing / Double(scores.classes))
    self.scores = scores
    var sum = S(isIndices ? 0 : Double(scores.positions.count))
    for case let label? in labels { sum += weight?[label] ?? .one }
    denominator = sum
  }

  /// Whether a position does not count.
  func isIgnored(_ position: Int) -> Bool { isIndices && labels[position] == nil }

  /// The classes for which q can differ from 0.
  ///
  /// The others are left out altogether: their ℓ may be −∞, and 0·∞ is not 0.
  func classes(_ position: Int) -> Range<Int> {
    guard isIndices, !isSmoothed, let label = labels[position] else { return 0..<scores.classes }
    return label..<label + 1
  }

  /// q[n,c].
  func q(_ position: Int, _ c: Int) -> S {
    let given: S =
      isIndices
      ? (labels[position] == c ? .one : .zero) : target[scores.offset(position, c)]
    let smoothed = isSmoothed ? kept * given + spread : given
    return weight.map { $0[c] * smoothed } ?? smoothed
  }

  /// ∂q/∂t = w[c]·(1 − ε).
  func slope(_ c: Int) -> S { weight.map { $0[c] * kept } ?? kept }
}
