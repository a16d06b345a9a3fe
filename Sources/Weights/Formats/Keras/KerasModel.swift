/// The layers of a nested model, found by the names that a legacy file has for them.
struct KerasModel {
  private let paths: [[String]: KerasConfig]
  private let names: [String: [KerasConfig]]

  /// Gathers the layers below a model.
  init(_ model: KerasConfig) {
    var paths: [[String]: KerasConfig] = [:]
    var level: [(path: [String], config: KerasConfig)] = [([], model)]
    // Deeper nesting than this is reached by the last name only.
    for _ in 0..<8 {
      level = level.flatMap { path, config in
        config.layers.map { (path + [$0.name], $0) }
      }
      for (path, config) in level { paths[path] = config }
    }
    self.paths = paths
    names = Dictionary(grouping: model.descendants, by: \.name)
  }

  /// The layer at a path of names.
  ///
  /// Keras 2 leaves out the models between the first and the last, so the last name decides where
  /// the whole path is nobody's and only one layer has it.
  func layer(at path: [String]) -> KerasConfig? {
    if let config = paths[path] { return config }
    guard let last = path.last, let found = names[last], found.count == 1 else { return nil }
    return found[0]
  }
}
