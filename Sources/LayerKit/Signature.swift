public import Tensors

/// What a kind of layer is called, and what each of its tensors is.
public struct Signature: Sendable {
  /// The registered name, `Conv2d`; kinds of a plug-in carry its prefix, `acme.Swish`.
  public let kind: String
  /// The inputs in the order of the layer's forward call.
  public let inputs: [Slot]
  /// The largest number of inputs; more than `inputs.count` where the last one may be repeated.
  public let maximumInputs: Int
  /// The trainable tensors.
  public let parameters: [Slot]
  /// Non-trainable state that the forward pass reads and updates.
  public let buffers: [Slot]
  /// What chance or the caller decided and no gradient reaches: masks, class weights.
  public let auxiliary: [Slot]
  /// What the checks may rely on.
  public let traits: Traits

  /// Describes a kind; `repeatsLastInput` admits any number of further inputs like the last one.
  public init(
    kind: String, inputs: [Slot] = [Slot("input")], repeatsLastInput: Bool = false,
    parameters: [Slot] = [], buffers: [Slot] = [], auxiliary: [Slot] = [], traits: Traits = []
  ) {
    self.kind = kind
    self.inputs = inputs
    self.maximumInputs = repeatsLastInput ? .max : inputs.count
    self.parameters = parameters
    self.buffers = buffers
    self.auxiliary = auxiliary
    self.traits = traits
  }

  /// The smallest number of inputs that the layer accepts.
  public var minimumInputs: Int { inputs.prefix { !$0.isOptional }.count }

  /// The slot of input `index`, where the last one may be repeated.
  public func input(_ index: Int) -> Slot { inputs[min(index, inputs.count - 1)] }

  /// What the elements of input `index` are, once the shapes have decided what labels mean.
  public func content(ofInput index: Int, shapes: [Shape]) -> Content {
    let content = input(index).content
    guard content == .labels else { return content }
    return shapes[index] == shapes[0] ? .probabilities : .indices
  }

  /// Whether a gradient reaches input `index`.
  public func hasGradient(ofInput index: Int, shapes: [Shape]) -> Bool {
    switch content(ofInput: index, shapes: shapes) {
    case .numbers, .positiveNumbers, .probabilities: true
    case .indices, .labels, .mask, .signs: false
    }
  }

  /// One tensor that goes into a layer.
  public struct Slot: Hashable, Sendable {
    /// The tensor's name, as in `torch.nn`.
    public let name: String
    /// What its elements are.
    public let content: Content
    /// Whether the layer works without it.
    public let isOptional: Bool

    /// Describes a tensor.
    public init(_ name: String, _ content: Content = .numbers, optional: Bool = false) {
      self.name = name
      self.content = content
      self.isOptional = optional
    }
  }

  /// What the elements of a tensor are; random data for checks is drawn accordingly.
  public enum Content: Hashable, Sendable {
    /// Any finite numbers.
    case numbers
    /// Numbers above zero: variances, weights.
    case positiveNumbers
    /// Numbers between 0 and 1.
    case probabilities
    /// Non-negative integers; no gradient reaches them.
    case indices
    /// Class indices, or class probabilities where the shape is that of the first input.
    case labels
    /// 0 or 1; no gradient reaches them.
    case mask
    /// 1 or −1; no gradient reaches them.
    case signs
  }

  /// Properties that hold for every configuration of a kind.
  public struct Traits: OptionSet, Sendable {
    public let rawValue: Int
    public init(rawValue: Int) { self.rawValue = rawValue }

    /// The first axis of the inputs counts samples, and sample n of every output depends on sample
    /// n of the inputs alone.
    public static let independentSamples = Traits(rawValue: 1 << 0)
    /// The result depends on whether the layer is training.
    public static let dependsOnTraining = Traits(rawValue: 1 << 1)
    /// Every output element depends on the input element at its place alone.
    public static let elementwise = Traits(rawValue: 1 << 2)
    /// The layer is a loss: prediction and target in, the objective out.
    public static let loss = Traits(rawValue: 1 << 3)
  }
}
