import Interchange
import LayerKit
import Network
import Tensors

/// A trajectory computed here: the objective of each step, and the parameters after the last.
struct TrajectoryRun {
  private(set) var loss: [Double] = []
  private(set) var parameters: [ParameterUse: Tensor<Double>] = [:]

  /// Trains the network of a case on the batches of its trajectory.
  ///
  /// With a `disturbance`, every starting parameter is first moved by one unit in its last place,
  /// up or down by a fixed pattern.
  init<S: TrainingScalar>(
    _ fixtureCase: FixtureCase, _ trajectory: FixtureTrajectory, _ optimizer: AnyOptimizer,
    as type: S.Type, disturbance: UInt64? = nil, _ progress: (Int) throws -> Void
  ) throws {
    var model = try fixtureCase.model(as: S.self)
    if let disturbance { model.disturb(disturbance, fixtureCase.parameterUses) }
    let objective = fixtureCase.lossLayer ?? 0
    for (step, batch) in trajectory.batches.enumerated() {
      try progress(step)
      let pass = try model.train(
        on: batch.mapValues { try $0.read(as: S.self) }, with: optimizer)
      loss.append(pass.outputs[objective].first.map { $0[0].value } ?? .nan)
    }
    for use in fixtureCase.parameterUses.joined() {
      parameters[use] = model[use].map { $0.asDouble }
    }
  }
}

extension Model {
  /// Moves every parameter by one unit in its last place.
  ///
  /// The signs are the highest bits of a multiplicative hash of the places (D. E. Knuth, *The Art of
  /// Computer Programming* 3, §6.4).
  fileprivate mutating func disturb(_ pattern: UInt64, _ parameters: [[ParameterUse]]) {
    for (number, uses) in parameters.enumerated() {
      guard let first = uses.first, var parameter = self[first] else { continue }
      for i in parameter.elements.indices {
        let place = UInt64(number) << 40 ^ UInt64(i) ^ pattern << 56
        let isUp = (place &* 0x9E37_79B9_7F4A_7C15) >> 63 == 1
        parameter[i] = isUp ? parameter[i].nextUp : parameter[i].nextDown
      }
      for use in uses { layers[use.layer].parameters[use.name] = parameter }
    }
  }
}
