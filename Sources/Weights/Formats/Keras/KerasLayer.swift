import HDF5File

/// A layer of a Keras file with its variables, before they are converted.
struct KerasLayer {
  /// Its name for reports and matching, names of the models around it included.
  let name: String
  /// The path of its group.
  let path: String
  /// What the configuration of the model says of it.
  let config: KerasConfig?
  /// What it is: from the configuration, or from the path.
  var kind: KerasKind?
  /// Its variables by name, in the order of the file: `kernel`, `bias`, `moving_mean`.
  var variables: [Variable]

  /// A tensor of a layer.
  struct Variable {
    /// Its name in the layer.
    let leaf: String
    /// How it stands in the file.
    let weight: StoredWeight
  }

  /// The tensor of a name.
  subscript(leaf: String) -> StoredWeight? { variables.first { $0.leaf == leaf }?.weight }
}

/// Which Keras wrote a file, as far as conversions depend on it.
struct KerasContext {
  /// Keras 1, 2 (and tf.keras) or 3.
  enum Generation: Int {
    case one = 1
    case two
    case three
  }

  let generation: Generation
  /// What it computed with, `tensorflow`; nil where the file does not say.
  let backend: String?
  let options: WeightReadOptions
  /// Whether its images have their channels first, so that a flatten needs no other order.
  let isChannelsFirst: Bool
  /// Whether its model flattens images; nil where no configuration tells.
  let hasFlatten: Bool?

  init(
    generation: Generation, backend: String?, config: KerasConfig?, options: WeightReadOptions
  ) {
    self.generation = generation
    self.backend = backend
    self.options = options
    let layers = config?.descendants ?? []
    hasFlatten = config == nil ? nil : layers.contains { $0.className == "Flatten" }
    let ordering = generation == .one ? options.keras1Ordering : nil
    isChannelsFirst =
      ordering == .theano
      || layers.contains {
        $0.word("data_format") == "channels_first" || $0.word("dim_ordering") == "th"
      }
  }

  /// The network's layer of a name.
  func target(_ layer: KerasLayer) -> WeightTarget.Layer? {
    options.target?.layer(named: layer.name)
  }

  /// What to do about what the file does not say.
  static let nameANetwork = "name a network: cnn-verify check FIXTURE --weights FILE"
}
