// Source: torch.nn.CTCLoss (2.13); A. Graves et al., *Connectionist Temporal Classification*, 2006.

public import Kernels
public import LayerKit
public import Tensors

/// Negative logarithm of the probability that a sequence of frames spells a sequence of labels.
///
///     value = −log Σ_π Π_t e^x[t, π_t]
///
/// The sum is over all paths π through the frames that become the labels when repetitions are
/// merged and blanks are left out. A mean divides each value by its number of labels (1 if there
/// are none) first. With `zero_infinity` an infinite value is 0, and so is its gradient.
///
/// The gradient is that of PyTorch, e^x − (the posterior probability of the class in the frame):
/// that of the composition with log-softmax, and so not that of the value alone.
/// - Shapes: x [T, N, C] or [T, C], labels [N, S], or all after one another [Σ S_n], numbers of
///   frames and of labels [N] → scalar, or [N] or [] for the reduction `none`
/// - Kinks: none.
public struct CTCLoss: ReducedLoss {
  // MARK: Kind

  public static let signature = Signature(
    kind: "CTCLoss",
    inputs: [
      .init("log_probs"), .init("targets", .indices), .init("input_lengths", .indices),
      .init("target_lengths", .indices),
    ], traits: .loss)

  // MARK: Hyper-parameters

  public let reduction: LossReduction
  /// The class that stands for no label; default 0.
  private let blank: Int
  /// Whether infinite values count as 0; default false.
  private let ignoresInfinity: Bool

  public init(_ hyperparameters: inout HyperparameterReader) {
    reduction = hyperparameters.word("reduction", default: .mean)
    blank = hyperparameters.integer("blank", default: 0, in: 0 ... .max)
    ignoresInfinity = hyperparameters.boolean("zero_infinity", default: false)
  }

  // MARK: Shapes

  public func valueShape(_ operands: OperandShapes) throws -> Shape {
    let x = operands.inputs[0]
    guard x.rank == 2 || x.rank == 3, x.extents.last != 0 else {
      throw LayerProblem.wrongShape(
        tensor: "log_probs", expected: "(T, C) or (T, N, C)", found: x)
    }
    guard blank < x[x.rank - 1] else {
      throw LayerProblem.outOfRange(
        hyperparameter: "blank", allowed: "a class from 0 to \(x[x.rank - 1] - 1)",
        found: .integer(blank))
    }
    let batch = x.rank == 3 ? x[1] : 1
    let targets = operands.inputs[1]
    guard targets.rank == 1 || (targets.rank == 2 && targets[0] == batch) else {
      throw LayerProblem.wrongShape(
        tensor: "targets", expected: "(\(batch), S) or (S,)", found: targets)
    }
    for input in 2...3 {
      let lengths = operands.inputs[input]
      guard lengths == [batch] || (x.rank == 2 && lengths == .scalar) else {
        throw LayerProblem.wrongShape(
          tensor: Self.signature.inputs[input].name, expected: "(\(batch),)", found: lengths)
      }
    }
    return x.rank == 3 ? [batch] : .scalar
  }

  public func checkValues<S: KernelScalar>(_ operands: Operands<S>) throws {
    let targets = operands.inputs[1]
    let isPadded = targets.shape.rank == 2
    try checkLengths(operands, 2, limit: operands.inputs[0].shape[0], "frames")
    try checkLengths(
      operands, 3, limit: isPadded ? targets.shape[1] : targets.count, "labels")
    let total = operands.inputs[3].elements.reduce(0) { $0 + $1.value }
    guard isPadded || total == Double(targets.count) else {
      throw LayerProblem.other(
        "`target_lengths` add up to \(total), and `targets` holds \(targets.count) labels: they"
          + " must be as many")
    }
    let classes = operands.inputs[0].shape.extents.last ?? 0
    // Padding may be any whole number that single precision still tells from its neighbours.
    for (offset, label) in targets.elements.enumerated()
    where !(label.value == label.value.rounded() && label.value.magnitude < 0x1p24) {
      throw LayerProblem.wrongValue(
        tensor: "targets", index: targets.shape.index(at: offset), value: label.value,
        allowed: "a class from 0 to \(classes - 1)")
    }
    for offset in CTCAlignment.labelRanges(operands).joined() {
      let value = targets[offset].value
      guard value >= 0, value < Double(classes), value == value.rounded() else {
        throw LayerProblem.wrongValue(
          tensor: "targets", index: targets.shape.index(at: offset), value: value,
          allowed: "a class from 0 to \(classes - 1)")
      }
    }
  }

  private func checkLengths<S: KernelScalar>(
    _ operands: Operands<S>, _ input: Int, limit: Int, _ unit: String
  ) throws {
    let lengths = operands.inputs[input]
    for offset in 0..<lengths.count {
      let value = lengths[offset].value
      guard value >= 0, value <= Double(limit), value == value.rounded() else {
        throw LayerProblem.wrongValue(
          tensor: Self.signature.inputs[input].name, index: lengths.shape.index(at: offset),
          value: value, allowed: "a number of \(unit) from 0 to \(limit)")
      }
    }
  }

  // MARK: Definition

  public func values<S: Scalar>(_ operands: Operands<S>) -> Tensor<S> {
    let alignments = CTCAlignment.all(operands, blank: blank)
    let values = alignments.map { alignment -> S in
      let value = alignment.negativeLogLikelihood(alignment.forward())
      guard value.value != .infinity else { return ignoresInfinity ? .zero : value }
      return (value + alignment.normalisation) / divisor(of: alignment)
    }
    return Tensor(operands.inputs[0].shape.rank == 3 ? [values.count] : .scalar, values)
  }

  /// What a mean divides a value by, before it averages.
  private func divisor<S: Scalar>(of alignment: CTCAlignment<S>) -> S {
    reduction == .mean ? S(Double(max(1, alignment.labelCount))) : .one
  }

  // MARK: Backward

  /// dx[t,c] = e^x[t,c] − Σ_{s: l[s] = c} e^(α[t,s] + β[t,s] − x[t,c] + value), 0 beyond the frames.
  ///
  /// α and β both count the frame t itself.
  public func gradients<S: Scalar>(
    _ operands: Operands<S>, upstream: Tensor<S>, wanted: GradientRequest
  ) -> Gradients<S> {
    var gradients = operands.inputs.map { _ in Tensor<S>?.none }
    guard wanted.inputs.contains(0) else { return Gradients(inputs: gradients) }
    var dx = Tensor(operands.inputs[0].shape, repeating: S.zero)
    for (n, alignment) in CTCAlignment.all(operands, blank: blank).enumerated() {
      let alpha = alignment.forward()
      let value = alignment.negativeLogLikelihood(alpha)
      if ignoresInfinity, value.value == .infinity { continue }
      let beta = alignment.backward()
      let s = upstream[n] / divisor(of: alignment)
      for t in 0..<alignment.frames {
        let joint = alignment.byClass(alpha[t], beta[t])
        for c in joint.indices {
          let x = alignment[t, c]
          // A class that no path goes through has the posterior 0; ∞ − ∞ is NaN, as in PyTorch.
          let isAbsent =
            joint[c].value == -.infinity && value.value < .infinity && x.value > -.infinity
          let posterior: S = isAbsent ? .zero : .exp(joint[c] + value - x)
          dx[alignment.offset(t, c)] = s * (.exp(x) - posterior)
        }
      }
    }
    gradients[0] = dx
    return Gradients(inputs: gradients)
  }
}
