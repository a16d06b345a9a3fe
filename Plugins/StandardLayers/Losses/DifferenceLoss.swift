public import LayerKit
public import Tensors

/// A loss of the difference d = x − t of input and target.
public protocol DifferenceLoss: ElementwiseLoss {
  /// The registered name of the kind.
  static var kind: String { get }

  /// The loss of one difference.
  func value<S: Scalar>(ofDifference d: S) -> S

  /// Its derivative.
  func slope<S: Scalar>(ofDifference d: S) -> S
}

extension DifferenceLoss {
  public static var signature: Signature {
    Signature(
      kind: kind, inputs: [.init("input"), .init("target")], traits: .loss)
  }

  public func value<S: Scalar>(_ element: LossElement<S>) -> S {
    value(ofDifference: element.input - element.target)
  }

  /// ∂/∂x = slope, ∂/∂t = −slope.
  public func slopes<S: Scalar>(_ element: LossElement<S>) -> LossSlopes<S> {
    let slope = slope(ofDifference: element.input - element.target)
    return LossSlopes(input: slope, target: -slope)
  }

  /// What every such kind is checked with, for one setting of its own hyper-parameters.
  static func differenceExamples(
    _ hyperparameters: [String: HyperparameterValue] = [:]
  ) -> [LayerExample] {
    func with(_ reduction: String) -> [String: HyperparameterValue] {
      hyperparameters.merging(["reduction": .text(reduction)]) { $1 }
    }
    return [
      LayerExample("mean", hyperparameters, inputs: [[3, 4], [3, 4]]),
      LayerExample("sum over images", with("sum"), inputs: [[2, 3, 2, 4], [2, 3, 2, 4]]),
      LayerExample("each element", with("none"), inputs: [[7], [7]]),
      LayerExample("one number", hyperparameters, inputs: [.scalar, .scalar]),
      LayerExample("a target for all samples", hyperparameters, inputs: [[6, 4], [4]]),
      LayerExample("both stretched", with("none"), inputs: [[3, 1], [2, 1, 4]]),
      LayerExample("no sample", with("sum"), inputs: [[0, 4], [0, 4]]),
      LayerExample(
        "other shapes", hyperparameters, inputs: [[3, 4], [3]],
        refused: .wrongShape(tensor: "target", expected: "[3, 4]", found: [3])),
    ]
  }
}
