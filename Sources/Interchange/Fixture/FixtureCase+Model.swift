// FixtureCase+Model.swift

public import LayerKit
public import Network
public import Tensors

/// A case as a network that can be run and trained.
extension FixtureCase {
  /// The layers of the case and what feeds them.
  public var network: Network {
    Network(
      layers.map { layer in
        Network.Node(
          name: layer.name, layer: layer.layer,
          sources: (layer.connections ?? []).map { connection in
            switch connection {
            case .networkInput(let name): .input(name)
            case .layerOutput(let layer, let output): .output(node: layer, index: output)
            }
          })
      })
  }

  /// The case as a model, with the parameters, buffers and optimiser state that it begins with.
  ///
  /// Throws what reading throws. Tensors that cannot be read are missing; `unavailable` of the
  /// layers tells them.
  public func model<S: TrainingScalar>(as type: S.Type = S.self) throws -> Model<S> {
    var model = Model(
      network, layers: try layers.map { try $0.operands(as: S.self) }, objective: lossLayer)
    model.shared = parameterUses.filter { $0.count > 1 }
    if let update {
      for uses in parameterUses {
        guard let first = uses.first else { continue }
        model.states[first] = try update.stateBefore(of: uses, as: S.self)
      }
    }
    return model
  }

  /// The inputs of the network that the file holds, read.
  public func inputs<S: FloatingScalar>(as type: S.Type = S.self) throws -> [String: Tensor<S>] {
    var read: [String: Tensor<S>] = [:]
    for input in inputs { read[input.name] = try input.tensor.read() }
    return read
  }
}

extension FixtureLayer {
  /// What the layer computes from besides its inputs, read.
  public func operands<S: FloatingScalar>(as type: S.Type = S.self) throws -> Operands<S> {
    Operands(
      parameters: try parameters.mapValues { try $0.read() },
      buffers: try buffers.mapValues { try $0.read() },
      auxiliary: try auxiliary.mapValues { try $0.read() }, isTraining: isTraining, format: format)
  }

  /// The format to which the reference rounds constants: that of its first tensor of numbers.
  public var format: NumberFormat {
    let parameters = parameters.sorted { $0.key < $1.key }.map(\.value.format)
    let outputs = reference.outputs.sorted { $0.key < $1.key }.map(\.value.format)
    return (inputs.map { $0?.format } + parameters + outputs).compactMap { $0 }.first ?? .float64
  }
}

extension FixtureUpdate {
  /// What the optimiser remembers of a parameter, which any of its uses may hold.
  ///
  /// Throws `LayerProblem` where the number of steps is none, and what reading throws.
  public func stateBefore<S: FloatingScalar>(
    of uses: [ParameterUse], as type: S.Type = S.self
  ) throws -> ParameterState<S> {
    var stored: [String: StoredTensor] = [:]
    for use in uses { stored.merge(state[use]) { first, _ in first } }
    let steps = try stepsTaken(stored)
    stored["step"] = nil
    return ParameterState(step: steps, slots: try stored.mapValues { try $0.read() })
  }

  /// The number of steps that a parameter has taken.
  ///
  /// One of which nothing has been kept takes its first step, whatever others have done.
  private func stepsTaken(_ slots: [String: StoredTensor]) throws -> Int {
    guard let own = slots["step"] else {
      return slots.isEmpty && !optimizer.slots.isEmpty ? 0 : step
    }
    let steps = try own.read(as: Double.self)[0]
    guard let whole = Int(exactly: steps), whole >= 0 else {
      throw LayerProblem.wrongValue(
        tensor: "step", index: [], value: steps, allowed: "a whole number of 0 or more")
    }
    return whole
  }
}
