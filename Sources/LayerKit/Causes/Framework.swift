/// A framework in whose words a remedy can be told.
public enum Framework: String, Hashable, Sendable, CaseIterable {
  case torch, keras, jax

  /// The framework that a fixture names as its producer, `torch 2.13.0+cpu`; nil for another one.
  public init?(producer: String) {
    let words = producer.lowercased()
    if words.hasPrefix("keras") || words.hasPrefix("tensorflow") || words.hasPrefix("tf") {
      self = .keras
    } else if words.hasPrefix("torch") || words.hasPrefix("pytorch") {
      self = .torch
    } else if words.hasPrefix("jax") || words.hasPrefix("flax") {
      self = .jax
    } else {
      return nil
    }
  }

  /// The name as its users write it.
  public var title: String {
    switch self {
    case .torch: "PyTorch"
    case .keras: "Keras"
    case .jax: "JAX"
    }
  }
}
