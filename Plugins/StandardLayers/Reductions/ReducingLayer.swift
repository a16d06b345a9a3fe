// The mechanism of the layers that add along axes.

public import Kernels
public import LayerKit
public import Tensors

/// A layer that adds the elements along some axes, and may divide by their number.
///
///     y = Σ x / k          dx = dy / k at every element that was added, k = 1 or their number
///
/// - Shapes: x [a, b, c] → y [a, c] for the axis 1, or [a, 1, c] with `keepdim`.
/// - Kinks: none. Linear in x.
public protocol ReducingLayer: Layer {
  /// The registered name of the kind.
  static var kind: String { get }
  /// Whether sums are divided by the number of their terms.
  static var isMean: Bool { get }

  /// The axes, and what becomes of them.
  var axes: ReducedAxes { get }
}

/// The axes that are added along: `dims` and `keepdim`.
public struct ReducedAxes: Hashable, Sendable {
  /// The axes; none stands for all, which is the default.
  let dimensions: [Int]
  /// Whether each of them stays with the extent 1; default false.
  let stay: Bool

  init(_ hyperparameters: inout HyperparameterReader) {
    dimensions = hyperparameters.optionalIntegers("dims", in: dimensionRange) ?? []
    stay = hyperparameters.boolean("keepdim", default: false)
  }

  /// The axes of an input.
  private func axes(_ input: Shape) throws -> Set<Int> {
    dimensions.isEmpty
      ? Set(0..<input.rank) : Set(try input.axes(dimensions, named: "dims"))
  }

  /// The shape of the output.
  func output(_ input: Shape) throws -> Shape {
    let axes = try axes(input)
    return stay
      ? kept(input, axes)
      : Shape(input.extents.indices.filter { !axes.contains($0) }.map { input[$0] })
  }

  private func kept(_ input: Shape, _ axes: Set<Int>) -> Shape {
    Shape(input.extents.enumerated().map { axes.contains($0) ? 1 : $1 })
  }

  /// The shape with an extent of 1 for each of the axes, and the number of terms of each sum.
  func layout(_ input: Shape) -> (kept: Shape, terms: Int) {
    let axes = established { try self.axes(input) }
    return (kept(input, axes), axes.reduce(1) { $0 * (input.rank == 0 ? 1 : input[$1]) })
  }
}

extension ReducingLayer {
  public static var signature: Signature { Signature(kind: kind) }

  public func outputShapes(_ operands: OperandShapes) throws -> [Shape] {
    [try axes.output(operands.inputs[0])]
  }

  /// Each sum in row-major order; the mean of nothing is 0/0, NaN.
  public func define<S: Scalar>(_ operands: Operands<S>) -> Results<S> {
    let x = operands.inputs[0]
    let (kept, terms) = axes.layout(x.shape)
    let plan = Broadcasting([kept], to: x.shape)
    var sums = Tensor(established { try axes.output(x.shape) }, repeating: S.zero)
    for i in 0..<x.count { sums[plan.offset(of: 0, at: i)] += x[i] }
    return Results(Self.isMean ? sums.map { $0 / S(Double(terms)) } : sums)
  }

  /// The sum is the adjoint of stretching, which has a fast form.
  public func forward<S: KernelScalar>(_ operands: Operands<S>) -> Results<S> {
    let x = operands.inputs[0]
    let (kept, terms) = axes.layout(x.shape)
    let sums = Broadcasting.gradient(of: kept, from: x)
      .reshaped(to: established { try axes.output(x.shape) })
    return Results(Self.isMean ? sums.mapInParallel { $0 / S(terms) } : sums)
  }

  public func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> {
    let x = operands.inputs[0]
    let (kept, terms) = axes.layout(x.shape)
    let share = Self.isMean ? upstream[0].mapInParallel { $0 / S(terms) } : upstream[0]
    return Gradients(input: Broadcasting.combine(share.reshaped(to: kept), x) { share, _ in share })
  }

  /// The bounds of t terms: γ(t − 1)·Σ|x| for a sum, one rounding more for a mean.
  ///
  /// dx of a sum is dy. That of a mean is rounded once by who divides by t, and twice by who
  /// multiplies by 1/t.
  public func bound(_ question: BoundQuestion) -> ErrorBound {
    let (_, terms) = axes.layout(question.operands.inputs[0].shape)
    guard terms > 1 else { return .exact }
    guard case .output = question.tensor else {
      guard Self.isMean else { return .exact }
      return .sum(
        terms: 2, magnitude: question.computed.mapInParallel { $0.magnitude }, products: false)
    }
    return .sum(
      terms: Self.isMean ? terms : terms - 1, magnitude: magnitude(question), products: false)
  }

  public static var examples: [LayerExample] {
    [
      LayerExample("everything", inputs: [[2, 3, 4]]),
      LayerExample("everything, five axes", ["keepdim": true], inputs: [[2, 1, 3, 2, 2]]),
      LayerExample("an image's cells", ["dims": [2, 3]], inputs: [[2, 3, 4, 5]]),
      LayerExample(
        "axes from the end, that stay", ["dims": [-1, 1], "keepdim": true],
        inputs: [[2, 3, 4, 2]]),
      LayerExample("the batch", ["dims": 0], inputs: [[5, 3]]),
      LayerExample("an axis of length 1", ["dims": 1], inputs: [[3, 1]]),
      LayerExample("all by an empty list", ["dims": []], inputs: [[2, 3]]),
      LayerExample("one number", inputs: [[]]),
      LayerExample("one number, by its axis", ["dims": -1, "keepdim": true], inputs: [[]]),
      LayerExample("no sample", ["dims": 1], inputs: [[0, 3]]),
      LayerExample(
        "an axis too far", ["dims": [0, 2]], inputs: [[2, 3]],
        refused: .outOfRange(hyperparameter: "dims", allowed: "-2 to 1", found: 2)),
      LayerExample(
        "an axis twice", ["dims": [1, -1]], inputs: [[2, 3]],
        refused: .outOfRange(
          hyperparameter: "dims", allowed: "each axis at most once", found: [1, -1])),
      LayerExample(
        "PyTorch's name of the axes", ["dim": 1], inputs: [[2, 3]],
        refused: .unknownHyperparameter("dim", closest: "dims")),
    ]
  }
}
