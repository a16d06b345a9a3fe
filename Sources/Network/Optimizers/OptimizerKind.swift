public import LayerKit

/// A kind of optimiser that can be asked for by name.
public struct OptimizerKind: Sendable {
  /// The name of the class in `torch.optim`.
  public let name: String
  /// All names that a parameter's state may have, `step` included.
  public let slots: [String]
  private let make: @Sendable (inout HyperparameterReader) -> AnyOptimizer

  private init<O: Optimizer>(_ type: O.Type) {
    name = O.kind
    slots = O.slots + (O.countsSteps ? ["step"] : [])
    make = { AnyOptimizer(O(&$0)) }
  }

  /// All kinds, in alphabetical order.
  public static let all = [
    OptimizerKind(Adagrad.self), OptimizerKind(Adam.self), OptimizerKind(AdamW.self),
    OptimizerKind(RMSprop.self), OptimizerKind(SGD.self),
  ]

  /// The kind of a name.
  public static func named(_ name: String) -> OptimizerKind? { all.first { $0.name == name } }

  /// Makes an optimiser, or tells everything that is wrong with its hyper-parameters.
  public func optimizer(
    _ hyperparameters: [String: HyperparameterValue] = [:]
  ) throws(InvalidHyperparameters) -> AnyOptimizer {
    var reader = HyperparameterReader(hyperparameters)
    let optimizer = make(&reader)
    let problems = reader.finish()
    guard problems.isEmpty else { throw InvalidHyperparameters(problems: problems) }
    return optimizer
  }
}
