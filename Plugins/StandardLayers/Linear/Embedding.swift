// Goals, in order: 1 agree with the definition; 2 be obvious; 3 be fast enough.
// Source: torch.nn.Embedding (2.13).

public import Kernels
public import LayerKit
public import Tensors

/// The rows of a table that indices name.
///
///     y[n,d] = w[x[n], d]
///
/// With `max_norm`, a row whose norm is larger is first multiplied by max_norm / (norm + 1e-7).
/// PyTorch does so in place, and no gradient passes through it: dw is the gradient of the shortened
/// rows. Rows that were stored after the forward pass are short already, and stay as they are.
/// The row `padding_idx` is looked up like any other, but its gradient is 0. With
/// `scale_grad_by_freq` the gradient of a row is divided by the number of times it was looked up.
/// - Shapes: x of any shape, whole numbers from 0 to V − 1; w [V, D] → y [..., D]
/// - Kinks: none. Linear in w, apart from what is said above.
public struct Embedding: Layer {
  // MARK: Kind

  public static let signature = Signature(
    kind: "Embedding", inputs: [.init("input", .indices)], parameters: [.init("weight")])

  // MARK: Hyper-parameters

  /// The row without a gradient, counted from the end where it is negative; default none.
  private let padding: Int?
  /// The largest norm of a row; default none.
  private let largestNorm: Double?
  /// p, the power of the norm; default 2.
  private let power: Double
  /// Whether a gradient is divided by the number of its terms; default false.
  private let averages: Bool
  private let declared: DeclaredSizes

  public init(_ hyperparameters: inout HyperparameterReader) {
    padding = hyperparameters.optionalInteger("padding_idx", in: .min ... .max)
    largestNorm = hyperparameters.optionalReal(
      "max_norm", default: nil, in: 0...(.greatestFiniteMagnitude))
    power = hyperparameters.real("norm_type", default: 2, in: 0...(.infinity))
    averages = hyperparameters.boolean("scale_grad_by_freq", default: false)
    declared = hyperparameters.declaredSizes("num_embeddings", "embedding_dim")
    hyperparameters.ignore("sparse", "_weight", "_freeze", "device", "dtype")
  }

  // MARK: Shapes

  public func outputShapes(_ operands: OperandShapes) throws -> [Shape] {
    let w = operands.parameters["weight"] ?? .scalar
    guard w.rank == 2 else {
      throw LayerProblem.wrongShape(tensor: "parameters/weight", expected: "(V, D)", found: w)
    }
    try declared.check("num_embeddings", equals: w[0])
    try declared.check("embedding_dim", equals: w[1])
    if let padding, !(-w[0]..<w[0]).contains(padding) {
      throw LayerProblem.outOfRange(
        hyperparameter: "padding_idx", allowed: "\(-w[0]) to \(w[0] - 1)",
        found: .integer(padding))
    }
    return [Shape(operands.inputs[0].extents + [w[1]])]
  }

  public func checkValues<S: KernelScalar>(_ operands: Operands<S>) throws {
    let rows = operands.parameter("weight").shape[0]
    let x = operands.inputs[0]
    for (offset, index) in x.elements.enumerated() {
      let value = index.value
      guard value >= 0, value < Double(rows), value == value.rounded() else {
        throw LayerProblem.wrongValue(
          tensor: "input", index: x.shape.index(at: offset), value: value,
          allowed: "a row from 0 to \(rows - 1)")
      }
    }
  }

  // MARK: Definition

  public func define<S: Scalar>(_ operands: Operands<S>) -> Results<S> {
    let w = operands.parameter("weight")
    let width = w.shape[1]
    let padding = paddingRow(w.shape)
    var y: [S] = []
    y.reserveCapacity(operands.inputs[0].count * width)
    for row in rows(operands) {
      let elements = w.elements[row * width..<(row + 1) * width]
      let factor = factor(elements)
      for w in elements {
        // A change that no gradient passes through, and a row that has none.
        let value = factor.map { S(w.value * $0) + (w - S(w.value)) } ?? w
        y.append(row == padding ? S(value.value) : value)
      }
    }
    return Results(Tensor(Shape(operands.inputs[0].shape.extents + [width]), y))
  }

  private func rows<S: Scalar>(_ operands: Operands<S>) -> [Int] {
    operands.inputs[0].elements.map { index in
      guard let row = Int(exactly: index.value) else {
        preconditionFailure("the index \(index.value) was not checked")
      }
      return row
    }
  }

  private func paddingRow(_ w: Shape) -> Int? { padding.map { $0 < 0 ? $0 + w[0] : $0 } }

  // MARK: Norms

  /// What a row is multiplied by; nil where it stays as it is.
  private func factor<S: Scalar>(_ row: ArraySlice<S>) -> Double? {
    guard let largestNorm else { return nil }
    let norm = norm(row)
    return norm > largestNorm ? largestNorm / (norm + 1e-7) : nil
  }

  /// (Σ|w|^p)^(1/p); the largest |w| for p = ∞, the number of others than 0 for p = 0.
  private func norm<S: Scalar>(_ row: ArraySlice<S>) -> Double {
    let magnitudes = row.lazy.map { $0.value.magnitude }
    if power == .infinity { return magnitudes.max() ?? 0 }
    if power == 0 { return Double(magnitudes.count { $0 != 0 }) }
    let sum = magnitudes.reduce(0) { $0 + Double.power($1, power) }
    return Double.power(sum, 1 / power)
  }

  // MARK: Backward

  /// dw[v] = Σ dy[n] over the n with x[n] = v.
  public func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> {
    guard wanted.parameters.contains("weight") else { return Gradients(inputs: [nil]) }
    let w = operands.parameter("weight").shape
    let rows = rows(operands)
    let padding = paddingRow(w)
    let counts = averages ? Self.counts(rows, w) : []
    var dw = Tensor(w, repeating: S.zero)
    for (n, row) in rows.enumerated() where row != padding {
      for d in 0..<w[1] {
        let dy = upstream[0][n * w[1] + d]
        dw[row, d] += averages ? dy / S(counts[row]) : dy
      }
    }
    return Gradients(inputs: [nil], parameters: ["weight": dw])
  }

  /// How many times each row was looked up.
  private static func counts(_ rows: [Int], _ w: Shape) -> [Int] {
    var counts = [Int](repeating: 0, count: w[0])
    for row in rows { counts[row] += 1 }
    return counts
  }

  // MARK: Bound

  /// y is copied, but for rows that are shortened; dw[v] is a sum of as many terms as v was looked
  /// up, which a reference may add in its own format.
  public func bound(_ question: BoundQuestion) -> ErrorBound {
    let operands = question.operands
    let w = operands.parameter("weight").shape
    guard case .parameterGradient = question.tensor else {
      return largestNorm == nil ? .exact : .elementwise(normLimits(question))
    }
    let counts = Self.counts(rows(operands), w)
    let magnitude = magnitude(question)
    return .elementwise(
      Tensor(
        w,
        Array(count: magnitude.count) { offset in
          // A sum of n terms rounds n − 1 times; dividing rounds at most twice more.
          let roundings = max(0, counts[offset / w[1]] - 1) + (averages ? 2 : 0)
          return question.rounding.gamma(roundings) * magnitude[offset]
            + (averages ? Double(roundings) * question.rounding.underflow : 0)
        }))
  }

  /// The limits of rows that may have been shortened.
  ///
  /// The norm of D numbers has the relative error γ(D+8)/p + γ(8). A row whose norm is the largest
  /// one within that may be shortened or not, and shortening it changes it by as much and 1e-7.
  private func normLimits(_ question: BoundQuestion) -> Tensor<Double> {
    let w = question.operands.parameter("weight")
    let width = w.shape[1]
    let rounding = question.rounding
    let finite = power > 0 && power < .infinity
    let relative = rounding.gamma(8) + (finite ? rounding.gamma(width + 8) / power : 0)
    var limits = question.computed
    for (n, row) in rows(question.operands).enumerated() {
      let elements = w.elements[row * width..<(row + 1) * width]
      let norm = norm(elements)
      let largest = largestNorm ?? .infinity
      let isAtLimit = (norm - largest).magnitude <= relative * norm
      let share =
        isAtLimit ? 2 * relative + 1e-7 / norm : norm > largest ? relative + rounding.gamma(4) : 0
      for d in 0..<width {
        let size = question.computed[n * width + d].magnitude
        limits[n * width + d] = share == 0 ? 0 : 1.01 * share * size + rounding.underflow
      }
    }
    return limits
  }

  // MARK: Examples

  public static var examples: [LayerExample] {
    func example(
      _ name: String, _ hyperparameters: [String: HyperparameterValue] = [:], input: Shape,
      weight: Shape = [5, 3], values: [Double]? = nil, refused problem: LayerProblem? = nil
    ) -> LayerExample {
      LayerExample(
        name, hyperparameters, inputs: [input], parameters: ["weight": weight], indexLimit: 5,
        inputValues: values.map { [0: $0] } ?? [:], refused: problem)
    }
    return [
      example("a batch", ["num_embeddings": 5, "embedding_dim": 3], input: [2, 4]),
      example("one index", input: .scalar),
      example("rows that come again", ["sparse": true], input: [2, 3, 5]),
      example(
        "a row of padding", ["padding_idx": 1], input: [4], values: [1, 0, 1, 4]),
      example(
        "padding counted from the end", ["padding_idx": -1], input: [4], values: [4, 0, 4, 4]),
      example("rows of a largest norm", ["max_norm": 1.5], input: [7]),
      example(
        "rows of a largest norm of another power", ["max_norm": 2, "norm_type": 1], input: [7]),
      example(
        "gradients divided by counts of 1", ["scale_grad_by_freq": true], input: [4],
        values: [3, 0, 2, 1]),
      example("no index", input: [0, 3]),
      example(
        "weights of one axis", input: [2], weight: [5],
        refused: .wrongShape(tensor: "parameters/weight", expected: "(V, D)", found: [5])),
      example(
        "padding that is no row", ["padding_idx": 5], input: [2],
        refused: .outOfRange(hyperparameter: "padding_idx", allowed: "-5 to 4", found: 5)),
      example(
        "a declared size that is not so", ["num_embeddings": 4], input: [2],
        refused: .contradiction(hyperparameter: "num_embeddings", declared: 4, tensors: 5)),
    ]
  }
}
