// FixtureUpdate.swift

public import Network

/// One step of an optimiser, as a fixture describes it.
public struct FixtureUpdate: Sendable {
  /// The configured optimiser.
  public let optimizer: AnyOptimizer
  /// The number of steps already taken, where a parameter's own state does not say it.
  public let step: Int
  /// The state before the step.
  public internal(set) var state = FixtureState()
  /// The state after the step, as the framework under test left it.
  public internal(set) var referenceState = FixtureState()
  /// Tensors of state that cannot be read: what needs them is not compared.
  public internal(set) var unavailable: [UnavailableTensor] = []
}

/// What an optimiser keeps for the parameters of a case.
public struct FixtureState: Sendable {
  private var tensors: [ParameterUse: [String: StoredTensor]] = [:]

  /// The slots that stand with one use of a parameter; empty where there are none.
  public internal(set) subscript(_ use: ParameterUse) -> [String: StoredTensor] {
    get { tensors[use] ?? [:] }
    set { tensors[use] = newValue }
  }
}

extension FixtureCase {
  /// The uses of each parameter: one for most, several where layers share it.
  ///
  /// Each parameter has its uses in the order of the layers, and the parameters are in the order
  /// of their first uses.
  public var parameterUses: [[ParameterUse]] {
    var places: [UInt64: Int] = [:]
    var uses: [[ParameterUse]] = []
    for (position, layer) in layers.enumerated() {
      for (name, tensor) in layer.parameters.sorted(by: { $0.key < $1.key }) {
        let use = ParameterUse(layer: position, name: name)
        // A holder's tensors stand with those that share them too: one object, one parameter.
        if let place = places[tensor.objectID] {
          uses[place].append(use)
        } else {
          places[tensor.objectID] = uses.count
          uses.append([use])
        }
      }
    }
    return uses
  }
}
