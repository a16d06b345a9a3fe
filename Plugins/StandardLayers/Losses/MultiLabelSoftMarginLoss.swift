// Source: torch.nn.MultiLabelSoftMarginLoss (2.13).

public import LayerKit
public import Tensors

/// Binary cross entropy of the scores of C classes, averaged over the classes of each sample.
///
///     value[n] = −1/C · Σ_c w[c]·(t[n,c]·log σ(x[n,c]) + (1 − t[n,c])·log σ(−x[n,c]))
///
/// - Shapes: x [N, …, C] and t of shapes that stretch to a common one of the rank of x, w of any
///   that stretches to it → scalar, or [N, …] for the reduction `none`
/// - Kinks: none.
public struct MultiLabelSoftMarginLoss: ReducedLoss {
  // MARK: Kind

  public static let signature = Signature(
    kind: "MultiLabelSoftMarginLoss",
    inputs: [.init("input"), .init("target", .probabilities)],
    auxiliary: [.init("weight", .positiveNumbers, optional: true)], traits: .loss)

  // MARK: Hyper-parameters

  public let reduction: LossReduction

  public init(_ hyperparameters: inout HyperparameterReader) {
    reduction = hyperparameters.reduction()
  }

  // MARK: Shapes

  public func valueShape(_ operands: OperandShapes) throws -> Shape {
    let (x, target) = (operands.inputs[0], operands.inputs[1])
    guard x.rank > 0 else {
      throw LayerProblem.wrongShape(tensor: "input", expected: "(C) or (N, …, C)", found: x)
    }
    guard let shape = Shape.broadcast([x, target]), shape.rank == x.rank else {
      throw LayerProblem.wrongShape(tensor: "target", expected: "\(x)", found: target)
    }
    if let weight = operands.auxiliary["weight"], Shape.broadcast([weight, shape]) != shape {
      throw LayerProblem.wrongShape(
        tensor: "auxiliary/weight", expected: "a shape that stretches to \(shape)", found: weight)
    }
    return Shape(Array(shape.extents.dropLast()))
  }

  // MARK: Definition

  public func values<S: Scalar>(_ operands: Operands<S>) -> Tensor<S> {
    let elements = LossElements(operands)
    let classes = elements.shape.extents.last ?? 1
    var values = Tensor(Shape(elements.shape.extents.dropLast()), repeating: S.zero)
    for index in 0..<elements.shape.count {
      let element = elements[index]
      let (x, t) = (element.input, element.target)
      var loss = t * .logLogistic(x)
      loss += (.one - t) * .logLogistic(-x)
      values[index / classes] += -(loss * (element.weight ?? .one))
    }
    return values.map { $0 / Self.classes(operands) }
  }

  /// C, by the scores.
  private static func classes<S: Scalar>(_ operands: Operands<S>) -> S {
    S(Double(operands.inputs[0].shape.extents.last ?? 1))
  }

  // MARK: Backward

  /// ∂/∂x = −w/C·(t·σ(−x) − (1 − t)·σ(x)), ∂/∂t = −w/C·(log σ(x) − log σ(−x)).
  public func gradients<S: Scalar>(
    _ operands: Operands<S>, upstream: Tensor<S>, wanted: GradientRequest
  ) -> Gradients<S> {
    let elements = LossElements(operands)
    let classes = elements.shape.extents.last ?? 1
    var gradients = operands.inputs.enumerated().map { input, x in
      wanted.inputs.contains(input) ? Tensor(x.shape, repeating: S.zero) : nil
    }
    for index in 0..<elements.shape.count {
      let element = elements[index]
      let (x, t) = (element.input, element.target)
      let s = upstream[index / classes] / Self.classes(operands) * (element.weight ?? .one)
      var input = t * .logLogisticSlope(x)
      input += -((.one - t) * .logLogisticSlope(-x))
      var target = S.logLogistic(x)
      target += -.logLogistic(-x)
      gradients[0]?[elements.offset(ofInput: 0, at: index)] += -(s * input)
      gradients[1]?[elements.offset(ofInput: 1, at: index)] += -(s * target)
    }
    return Gradients(inputs: gradients)
  }

  // MARK: Examples

  public static var examples: [LayerExample] {
    [
      LayerExample("mean", inputs: [[3, 4], [3, 4]]),
      LayerExample(
        "weighted sum", ["reduction": "sum"], inputs: [[3, 4], [3, 4]],
        auxiliary: ["weight": [4]]),
      LayerExample(
        "each sample, a weight of its own", ["reduction": "none"], inputs: [[3, 5], [3, 5]],
        auxiliary: ["weight": [3, 1]]),
      LayerExample("more axes", ["reduction": "none"], inputs: [[2, 3, 4], [2, 3, 4]]),
      LayerExample("a target for all samples", inputs: [[6, 4], [4]]),
      LayerExample("no batch axis", inputs: [[5], [5]]),
      LayerExample("an older flag", ["size_average": false], inputs: [[2, 3], [2, 3]]),
      LayerExample("no sample", ["reduction": "sum"], inputs: [[0, 4], [0, 4]]),
      LayerExample(
        "class indices", inputs: [[3, 4], [3]],
        refused: .wrongShape(tensor: "target", expected: "[3, 4]", found: [3])),
      LayerExample(
        "weights of other classes", inputs: [[3, 4], [3, 4]], auxiliary: ["weight": [5]],
        refused: .wrongShape(
          tensor: "auxiliary/weight", expected: "a shape that stretches to [3, 4]", found: [5])),
      LayerExample(
        "one number", inputs: [[], []],
        refused: .wrongShape(tensor: "input", expected: "(C) or (N, …, C)", found: [])),
    ]
  }
}
