/// A name in a `weight_names` list, taken apart: `conv2d_1/kernel:0`, `convolution2d_1_W`.
struct KerasLegacyName {
  /// The names of the layers below the group's own; empty for the layer itself.
  let inner: [String]
  /// The variable, as Keras 2 calls it: `kernel`.
  let leaf: String

  /// What Keras 1 calls variables, and what later generations do.
  private static let keras1: [(suffix: String, leaf: String)] = [
    ("_depthwise_kernel", "depthwise_kernel"), ("_pointwise_kernel", "pointwise_kernel"),
    ("_running_mean", "moving_mean"), ("_running_std", "moving_variance"), ("_gamma", "gamma"),
    ("_beta", "beta"), ("_alphas", "alpha"), ("_W", "kernel"), ("_b", "bias"),
  ]

  /// Takes a name apart that stands in the group of a layer.
  init(_ name: String, group: String, generation: KerasContext.Generation) {
    var components = Self.components(name)
    let last = Self.withoutOutput(components.popLast() ?? "")
    if generation == .one {
      // The name of the layer is a prefix; the last of them is the variance, whatever it is called.
      let known = Self.keras1.first { last.hasSuffix($0.suffix) }
      let owner = String(last.dropLast(known?.suffix.count ?? 0))
      leaf = known?.leaf ?? last
      inner = known == nil || owner == group ? [] : [owner]
      return
    }
    leaf = last
    let own = Self.components(group)
    let place = components.indices.first { components[$0...].starts(with: own) }
    inner = place.map { Array(components[($0 + own.count)...]) } ?? components
  }

  /// Whether a name is one of Keras 1.
  static func isKeras1(_ name: String) -> Bool {
    let last = withoutOutput(components(name).last ?? "")
    return keras1.contains { last.hasSuffix($0.suffix) && last != $0.leaf }
  }

  private static func components(_ name: String) -> [String] {
    name.split(separator: "/").map(String.init)
  }

  /// TensorFlow numbers the outputs of operations: `kernel:0`.
  private static func withoutOutput(_ name: String) -> String {
    name.hasSuffix(":0") ? String(name.dropLast(2)) : name
  }
}
