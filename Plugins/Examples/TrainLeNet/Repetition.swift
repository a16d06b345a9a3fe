import Interchange
import LayerKit
import Network
import StandardLayers
import Tensors

/// The training of another framework, repeated from the same parameters on the same batches.
enum Repetition {
  /// What two programs may lie apart after a hundred steps in double precision, relative to the
  /// largest element of a parameter.
  private static let tolerance = 1e-9

  /// Trains in double precision; whether every parameter ends where the fixture says.
  static func run(_ path: String) throws -> Bool {
    let fixture = try Fixture(path: path, registry: LayerRegistry([StandardLayers.self]))
    guard let recorded = fixture.cases.first, let update = recorded.update,
      let trajectory = recorded.trajectory
    else {
      print("\(path) holds no training steps: name one with /optimizer and /trajectory")
      return false
    }
    // The network is built here; its first parameters are the file's.
    var model = try LeNet5.model(seed: 1, as: Double.self)
    for layer in recorded.layers {
      guard let position = model.layer(layer.name) else { continue }
      model.layers[position].parameters = try layer.parameters.mapValues { try $0.read() }
    }
    for batch in trajectory.batches {
      try model.train(on: batch.mapValues { try $0.read() }, with: update.optimizer)
    }
    var agrees = true
    for (use, stored) in trajectory.parameters.sorted(by: { $0.value.path < $1.value.path }) {
      let layer = recorded.layers[use.layer].name
      guard let position = model.layer(layer),
        let ours = model[ParameterUse(layer: position, name: use.name)]
      else {
        print("\(layer)/\(use.name): not in this network")
        agrees = false
        continue
      }
      let theirs = try stored.read(as: Double.self)
      let size = theirs.elements.reduce(0) { max($0, $1.magnitude) }
      // A parameter that is no number must not pass.
      let distance = ours.zip(theirs) { ($0 - $1).magnitude }.elements.reduce(0) { max($0, $1) }
      let isClose = ours.elements.allSatisfy { $0.isFinite } && distance <= tolerance * size
      print("\(layer)/\(use.name): \(distance / size) apart\(isClose ? "" : ", too far")")
      agrees = agrees && isClose
    }
    return agrees && !trajectory.parameters.isEmpty
  }
}
