/// The tensors of a weight file, and what is to be said about how they were understood.
public struct WeightListing: Sendable {
  /// The format, as `--format` names it.
  public var format: String
  /// What spoke for it.
  public var evidence: String
  /// The edition of the format and who wrote the file: "Keras 2.4.0, backend tensorflow".
  public var generation: String?
  /// The tensors, in the order of the file or of its layers.
  public var tensors: [WeightTensor]
  /// The kinds of layers that are known, by the layer's name: `Conv2d`.
  public var kinds: [String: String]
  /// What was assumed rather than read, one sentence each.
  public var assumptions: [String]
  /// What else is in the file, and why it is not used.
  public var unused: [Unused]
  /// What is worth saying although it is in order; names from the file are escaped in it already.
  public var warnings: [String]
  /// What is wrong with single tensors; the others can be used.
  public var problems: [WeightProblem]

  /// Something in the file that is no weight of a layer.
  public struct Unused: Hashable, Sendable {
    /// Its path or name: untrusted text.
    public let source: String
    /// Why it is left out.
    public let reason: String
    /// Whether it may be a weight that nobody took: `--strict` refuses then.
    public let isLeftOver: Bool

    /// Names something and says why it is left out.
    public init(_ source: String, _ reason: String, isLeftOver: Bool = false) {
      self.source = source
      self.reason = reason
      self.isLeftOver = isLeftOver
    }
  }

  /// Makes a listing; the registry fills in the format.
  public init(
    tensors: [WeightTensor] = [], generation: String? = nil, kinds: [String: String] = [:],
    assumptions: [String] = [], unused: [Unused] = [], warnings: [String] = [],
    problems: [WeightProblem] = []
  ) {
    self.format = ""
    self.evidence = ""
    self.generation = generation
    self.tensors = tensors
    self.kinds = kinds
    self.assumptions = assumptions
    self.unused = unused
    self.warnings = warnings
    self.problems = problems
  }

  /// The listing with what is wrong with its tensors: those that cannot be used, and two that
  /// would become one.
  ///
  /// A conversion that ends with the shape of a network is judged where the network is.
  func judged(_ options: WeightReadOptions) -> WeightListing {
    var listing = self
    var sources: [[UInt8]: String] = [:]
    for tensor in tensors {
      let waits = options.target != nil && tensor.conversion.final == .target
      if let problem = waits ? tensor.stored.problem : tensor.problem {
        listing.problems.append(problem)
      }
      let key = Array(tensor.name.utf8)
      if let other = sources.updateValue(tensor.source, forKey: key) {
        listing.problems.append(
          WeightProblem(
            source: tensor.source,
            .sameTensor(layer: tensor.layer, parameter: tensor.parameter, other: other)))
      }
    }
    return listing
  }
}
