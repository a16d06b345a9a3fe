/// A layer as the configuration of its model describes it.
struct KerasConfig: Sendable {
  /// Its class, `Conv2D`; that of what it wraps where it only repeats it over time.
  let className: String
  /// Its name.
  let name: String
  /// The layers it holds, in order.
  let layers: [KerasConfig]
  private let options: JSONValue

  /// A model's configuration: the text that the attribute `model_config` or `config.json` holds.
  init?(text: [UInt8]) {
    guard let json = try? JSONValue(text), let config = KerasConfig(json) else { return nil }
    self = config
  }

  private init?(_ json: JSONValue) {
    guard let className = json["class_name"]?.text, let options = json["config"] else { return nil }
    if className == "TimeDistributed", let inner = options["layer"],
      let wrapped = KerasConfig(inner)
    {
      self.className = wrapped.className
      layers = wrapped.layers
      self.options = wrapped.options
    } else {
      self.className = className
      // Until Keras 2.2 the configuration of a Sequential was the list itself.
      layers = (options.elements ?? options["layers"]?.elements ?? []).compactMap(Self.init)
      self.options = options
    }
    name = options["name"]?.text ?? json["name"]?.text ?? ""
  }

  /// Whether it is a model.
  var isModel: Bool {
    !layers.isEmpty || ["Sequential", "Functional", "Model"].contains(className)
  }

  /// What is done to its variables; nil where nothing is known of its class.
  var kind: KerasKind? { KerasKind(className: className) }

  /// A truth value among its options.
  func flag(_ key: String) -> Bool? { options[key]?.boolean }

  /// A number among its options.
  func number(_ key: String) -> Double? { options[key]?.real }

  /// A word among its options.
  func word(_ key: String) -> String? { options[key]?.text }

  /// How its numbers are quantised; nil where they are not.
  var quantisation: String? { options["dtype"]?["config"]?["mode"]?.text }

  /// All layers below it, models too.
  var descendants: [KerasConfig] {
    var found = layers
    var next = 0
    while next < found.count {
      found += found[next].layers
      next += 1
    }
    return found
  }

  /// The layers that it holds itself, by name.
  var byName: [String: KerasConfig] {
    Dictionary(layers.map { ($0.name, $0) }) { first, _ in first }
  }

  /// The layers under the names that Keras 3 gives them in paths: class and number, `conv2d_1`.
  var byPathName: [String: KerasConfig] {
    var counts: [String: Int] = [:]
    var result: [String: KerasConfig] = [:]
    for layer in layers {
      let snake = KerasKind.snake(layer.className)
      let count = counts[snake, default: 0]
      counts[snake] = count + 1
      result[count == 0 ? snake : "\(snake)_\(count)"] = layer
    }
    return result
  }
}
