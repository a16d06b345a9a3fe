/// What a user says about a weight file that the file does not say.
public struct WeightReadOptions: Sendable {
  /// The network that the weights are for; nil where none is named.
  public var target: WeightTarget?
  /// How Keras 1 ordered the axes of images.
  public var keras1Ordering: Keras1Ordering?
  /// Which backend Keras 1 ran on.
  public var keras1Backend: Keras1Backend?

  /// The axes of images in Keras 1.
  public enum Keras1Ordering: String, Sendable, CaseIterable {
    /// Channels first, kernels OIHW.
    case theano = "th"
    /// Channels last, kernels HWIO.
    case tensorflow = "tf"
  }

  /// What Keras 1 computed with.
  public enum Keras1Backend: String, Sendable, CaseIterable {
    /// True convolution: kernels are rotated by 180° against everyone else's.
    case theano
    /// Cross-correlation.
    case tensorflow
  }

  /// Nothing is said.
  public init(
    target: WeightTarget? = nil, keras1Ordering: Keras1Ordering? = nil,
    keras1Backend: Keras1Backend? = nil
  ) {
    self.target = target
    self.keras1Ordering = keras1Ordering
    self.keras1Backend = keras1Backend
  }
}

/// The network that weights are for, as far as names and shapes go.
public struct WeightTarget: Sendable {
  /// Its layers, in forward order.
  public let layers: [Layer]

  /// One layer of the network.
  public struct Layer: Sendable {
    /// Its name.
    public let name: String
    /// Its kind, `Conv2d`.
    public let kind: String
    /// The shapes of its parameters.
    public let parameters: [String: [Int]]
    /// The shapes of its buffers.
    public let buffers: [String: [Int]]
    /// The shape of its first input, batch included; nil where it is not known.
    public let inputShape: [Int]?
    /// The names of the layers that feed it.
    public let sources: [String]

    /// Describes a layer.
    public init(
      name: String, kind: String, parameters: [String: [Int]], buffers: [String: [Int]] = [:],
      inputShape: [Int]? = nil, sources: [String] = []
    ) {
      self.name = name
      self.kind = kind
      self.parameters = parameters
      self.buffers = buffers
      self.inputShape = inputShape
      self.sources = sources
    }
  }

  /// A network of some layers.
  public init(layers: [Layer]) { self.layers = layers }
}
