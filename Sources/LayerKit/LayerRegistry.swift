import Text

/// A list of layer kinds with a name: what someone adds to the toolkit.
public protocol Plugin {
  /// The plug-in's name; its kinds carry it as a prefix, `acme.Swish`.
  static var name: String { get }
  /// The kinds, in alphabetical order.
  static var layers: [LayerDefinition] { get }
}

/// A kind of layer that can be registered: its signature, its examples, and how to make one.
public struct LayerDefinition: Sendable {
  /// The kind's name and tensors.
  public let signature: Signature
  /// The configurations that checks run, made when they are asked for: most programs never do.
  public var examples: [LayerExample] { makeExamples() }
  /// The formula as the kind states it; empty where it states none.
  public let formula: String
  private let makeExamples: @Sendable () -> [LayerExample]
  private let make: Maker

  /// What makes a layer of the hyper-parameters as a file states them.
  public typealias Maker =
    @Sendable ([String: HyperparameterValue])
    throws(InvalidHyperparameters) -> AnyLayer

  /// Defines a kind by its type.
  @inlinable
  public init<L: Layer>(_ type: L.Type) {
    self.init(
      signature: L.signature, examples: { L.examples }, formula: L.formula,
      reading: { AnyLayer(L(&$0)) })
  }

  @usableFromInline
  init(
    signature: Signature, examples: @escaping @Sendable () -> [LayerExample], formula: String,
    reading make: @escaping @Sendable (inout HyperparameterReader) -> AnyLayer
  ) {
    self.signature = signature
    self.formula = formula
    makeExamples = examples
    self.make = { hyperparameters throws(InvalidHyperparameters) in
      var reader = HyperparameterReader(hyperparameters)
      var layer = make(&reader)
      layer.settings = reader.understood
      let problems = reader.finish()
      guard problems.isEmpty else { throw InvalidHyperparameters(problems: problems) }
      return layer
    }
  }

  /// Defines a kind whose code is not a Swift type.
  public init(
    signature: Signature, examples: [LayerExample], formula: String = "", make: @escaping Maker
  ) {
    self.signature = signature
    self.formula = formula
    makeExamples = { examples }
    self.make = make
  }

  /// Makes a layer, or tells everything that is wrong with its hyper-parameters.
  public func layer(
    _ hyperparameters: [String: HyperparameterValue]
  ) throws(InvalidHyperparameters) -> AnyLayer {
    try make(hyperparameters)
  }
}

/// Everything that is wrong with the hyper-parameters of one layer.
public struct InvalidHyperparameters: Error, Hashable, Sendable {
  /// The problems, never empty.
  public let problems: [LayerProblem]

  /// Gathers at least one problem.
  public init(problems: [LayerProblem]) { self.problems = problems }
}

/// Kinds of layers that a program found while it ran: those of a shared library.
public struct LayerCollection: Sendable {
  /// What the names of the kinds begin with, before a point.
  public let prefix: String
  /// Who offers them, for messages: the file.
  public let owner: String
  /// The kinds.
  public let layers: [LayerDefinition]

  /// Gathers kinds.
  public init(prefix: String, owner: String, layers: [LayerDefinition]) {
    self.prefix = prefix
    self.owner = owner
    self.layers = layers
  }
}

/// The kinds of layers that are known, gathered once from a list of plug-ins.
public struct LayerRegistry: Sendable {
  private var definitions: [String: LayerDefinition] = [:]
  private var owners: [String: String] = [:]

  /// Gathers the kinds of some plug-ins, all or none.
  ///
  /// Names without a prefix belong to the first plug-in, the standard layers.
  public init(_ plugins: [any Plugin.Type]) throws(RegistryError) {
    for (position, plugin) in plugins.enumerated() {
      for definition in plugin.layers {
        let kind = definition.signature.kind
        guard position == 0 || kind.hasPrefix(plugin.name + ".") else {
          throw .missingPrefix(kind: kind, plugin: plugin.name)
        }
        try insert(definition, of: plugin.name)
      }
    }
  }

  /// Adds the kinds of a collection, all or none.
  public mutating func add(_ collection: LayerCollection) throws(RegistryError) {
    var enlarged = self
    for definition in collection.layers {
      guard definition.signature.kind.hasPrefix(collection.prefix + ".") else {
        throw .missingPrefix(kind: definition.signature.kind, plugin: collection.prefix)
      }
      try enlarged.insert(definition, of: collection.owner)
    }
    self = enlarged
  }

  /// Removes the kinds of an owner.
  public mutating func remove(owner: String) {
    for (kind, other) in owners where other == owner {
      definitions[kind] = nil
      owners[kind] = nil
    }
  }

  private mutating func insert(
    _ definition: LayerDefinition, of owner: String
  ) throws(RegistryError) {
    let kind = definition.signature.kind
    if let other = owners[kind] { throw .duplicate(kind: kind, owners: [other, owner]) }
    definitions[kind] = definition
    owners[kind] = owner
  }

  /// The names of all kinds, in alphabetical order.
  public var kinds: [String] { definitions.keys.sorted() }

  /// The definition of a kind, or nil if nobody registered it.
  public subscript(_ kind: String) -> LayerDefinition? { definitions[kind] }

  /// The name of the plug-in that registered a kind.
  public func owner(of kind: String) -> String? { owners[kind] }

  /// The registered kind whose name is closest to an unknown one, if any is close.
  public func closestKind(to name: String) -> String? { NearMiss.closest(to: name, among: kinds) }
}

/// Why a list of plug-ins could not be registered.
public enum RegistryError: Error, Hashable, Sendable {
  case duplicate(kind: String, owners: [String])
  case missingPrefix(kind: String, plugin: String)
}

extension RegistryError: CustomStringConvertible {
  /// What is wrong and what to do.
  public var description: String {
    switch self {
    case .duplicate(let kind, let owners):
      "the kind `\(kind)` is registered by both \(owners.joined(separator: " and ")): rename one"
    case .missingPrefix(let kind, let plugin):
      "the kind `\(kind)` of the plug-in \(plugin) lacks its prefix: call it `\(plugin).\(kind)`"
    }
  }
}
