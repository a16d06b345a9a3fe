public import LayerKit
public import Tensors

/// How far an anchor is from being nearer to a positive than to a negative example by a margin.
///
///     value = max(0, m + d(a, p) − d(a, n)),  with `swap` max(0, m + d(a, p) − min(d(a, n), d(p, n)))
///
/// - Shapes: a, p and n of one rank [N, …, D] that stretch to a common shape → scalar, or [N, …]
///   for the reduction `none`
/// - Kinks: where m + d(a, p) − d(a, n) = 0 the slope is that of the rising side. Of two equal
///   distances in the minimum each has half the slope.
public protocol TripletLoss: ReducedLoss {
  /// The registered name of the kind.
  static var kind: String { get }

  /// m, above 0; default 1.
  var margin: Double { get }

  /// Whether the negative may be measured from the positive.
  var swaps: Bool { get }

  /// d.
  var distance: VectorDistance { get }
}

extension TripletLoss {
  public static var signature: Signature {
    Signature(
      kind: kind, inputs: [.init("anchor"), .init("positive"), .init("negative")],
      traits: .loss)
  }

  public func valueShape(_ operands: OperandShapes) throws -> Shape {
    let anchor = operands.inputs[0]
    for (slot, shape) in zip(Self.signature.inputs, operands.inputs).dropFirst() {
      guard shape.rank == anchor.rank, Shape.broadcast([anchor, shape]) != nil else {
        throw LayerProblem.wrongShape(tensor: slot.name, expected: "\(anchor)", found: shape)
      }
    }
    guard let rows = VectorRows(operands.inputs) else {
      throw LayerProblem.wrongShape(
        tensor: "negative", expected: "\(operands.inputs[1])", found: operands.inputs[2])
    }
    return rows.shape
  }

  private func rows<S: Scalar>(_ operands: Operands<S>) -> VectorRows {
    guard let rows = VectorRows(operands.inputs.map(\.shape)) else {
      preconditionFailure("the shapes were not checked")
    }
    return rows
  }

  // MARK: Definition

  public func values<S: Scalar>(_ operands: Operands<S>) -> Tensor<S> {
    let rows = rows(operands)
    let values = (0..<rows.shape.count).map { row in
      S.hinge(Triplet(self, operands.inputs, rows, row).slack)
    }
    return Tensor(rows.shape, values)
  }

  // MARK: Backward

  /// The gradient of d(a, p), and that of d(a, n) or d(p, n) with the opposite sign.
  public func gradients<S: Scalar>(
    _ operands: Operands<S>, upstream: Tensor<S>, wanted: GradientRequest
  ) -> Gradients<S> {
    let rows = rows(operands)
    var gradients = operands.inputs.enumerated().map { input, x in
      wanted.inputs.contains(input) ? Tensor(x.shape, repeating: S.zero) : nil
    }
    for row in 0..<rows.shape.count {
      let triplet = Triplet(self, operands.inputs, rows, row)
      let s = upstream[row] * .hingeSlope(.one, at: triplet.slack)
      for (pair, weight) in triplet.pairs {
        let slopes = distance.slopes(pair.differences, distance: pair.distance)
        for (i, slope) in slopes.enumerated() {
          let gradient = s * weight * slope
          gradients[pair.from]?[rows.offset(pair.from, row: row, i)] += gradient
          gradients[pair.to]?[rows.offset(pair.to, row: row, i)] += -gradient
        }
      }
    }
    return Gradients(inputs: gradients)
  }

  // MARK: Examples

  /// What every such kind is checked with.
  static var tripletExamples: [LayerExample] {
    [
      LayerExample("mean", inputs: [[6, 5], [6, 5], [6, 5]]),
      LayerExample(
        "swapped sum, a margin", ["margin": 2.5, "swap": true, "reduction": "sum"],
        inputs: [[5, 4], [5, 4], [5, 4]]),
      LayerExample(
        "each vector of images", ["reduction": "none", "margin": 0.1],
        inputs: [[2, 3, 4], [2, 3, 4], [2, 3, 4]]),
      LayerExample("no batch axis", ["margin": 3], inputs: [[5], [5], [5]]),
      LayerExample("one number", inputs: [[], [], []]),
      LayerExample(
        "all stretched", ["margin": 3, "swap": true], inputs: [[4, 3], [1, 3], [4, 1]]),
      LayerExample(
        "no sample", ["reduction": "sum"], inputs: [[0, 4], [0, 4], [0, 4]]),
      LayerExample(
        "no margin", ["margin": 0], inputs: [[3, 4], [3, 4], [3, 4]],
        refused: .outOfRange(hyperparameter: "margin", allowed: "a number above 0", found: 0)),
      LayerExample(
        "other ranks", inputs: [[3, 4], [4], [3, 4]],
        refused: .wrongShape(tensor: "positive", expected: "[3, 4]", found: [4])),
      LayerExample(
        "vectors of other lengths", inputs: [[3, 4], [3, 4], [3, 5]],
        refused: .wrongShape(tensor: "negative", expected: "[3, 4]", found: [3, 5])),
    ]
  }
}

/// The distances of one triplet.
private struct Triplet<S: Scalar> {
  struct Pair {
    let from: Int
    let to: Int
    let differences: [S]
    let distance: S
  }

  /// The pairs whose distances count, with the slope of m + d(a, p) − … by each.
  let pairs: [(Pair, S)]
  /// m + d(a, p) − d(a, n), or with the smaller distance of the negative.
  let slack: S

  init(_ loss: some TripletLoss, _ x: [Tensor<S>], _ rows: VectorRows, _ row: Int) {
    func pair(_ from: Int, _ to: Int) -> Pair {
      let differences = (0..<rows.length(from, to)).map { i in
        loss.distance.difference(
          x[from][rows.offset(from, row: row, i)], x[to][rows.offset(to, row: row, i)])
      }
      return Pair(
        from: from, to: to, differences: differences,
        distance: loss.distance.value(differences))
    }
    let near = pair(0, 1)
    let far = pair(0, 2)
    guard loss.swaps else {
      pairs = [(near, .one), (far, -.one)]
      slack = S(loss.margin) + near.distance - far.distance
      return
    }
    let swapped = pair(1, 2)
    let excess = far.distance - swapped.distance
    // ½ where both are equal.
    let share = S.select(
      .one, wherePositive: excess,
      otherwise: .select(.zero, wherePositive: -excess, otherwise: S(0.5)))
    pairs = [(near, .one), (far, share - .one), (swapped, -share)]
    let least =
      excess.isNaN
      ? excess : S.select(swapped.distance, wherePositive: excess, otherwise: far.distance)
    slack = S(loss.margin) + near.distance - least
  }
}
