// FixtureLayer.swift

public import HDF5File
public import LayerKit
public import Tensors
public import Text

/// One application of a layer, with all that a fixture says of it.
public struct FixtureLayer: Sendable {
  /// Its name, untrusted text; two names that look alike may be two layers.
  public let name: String
  /// The name of its kind, untrusted text.
  public let kind: String
  /// Its position in the model's own forward order.
  public let index: Int?
  /// Whether the layer was training.
  public let isTraining: Bool
  /// Where the user's code calls it.
  public let source: UntrustedText?
  /// Why the layer is expected to differ.
  public let expectedFailure: UntrustedText?

  /// The configured layer; nil where nobody registered the kind: then it is not compared.
  public internal(set) var layer: AnyLayer?
  /// How the layer broke down when it was asked for the shapes of its outputs; nil for layers that work.
  public internal(set) var failure: LayerFailure?
  /// For an unknown kind, the registered one whose name is close.
  public internal(set) var closestKind: String?
  /// What feeds each input; nil for a layer that stands alone.
  public internal(set) var connections: [Connection]?

  /// The trainable tensors; those of the holder where they are shared by name.
  public internal(set) var parameters: [String: StoredTensor] = [:]
  /// The state before the forward pass.
  public internal(set) var buffers: [String: StoredTensor] = [:]
  /// Masks and class weights.
  public internal(set) var auxiliary: [String: StoredTensor] = [:]
  /// The layer that `shares_parameters_with` names, as an index into the case's layers.
  ///
  /// Sharing by hard links shows in equal `objectID`s of the parameters.
  public internal(set) var parameterHolder: Int?

  /// What the layer is judged on: its own recorded inputs, else what their producers recorded.
  ///
  /// Nil where nothing was recorded.
  public internal(set) var inputs: [StoredTensor?] = []
  /// The shapes of the outputs by the kind's own rule.
  ///
  /// Nil where the layer cannot be computed: an unknown kind, an input of unknown shape, or an
  /// operand that cannot be read.
  public internal(set) var outputShapes: [Shape]?
  /// What the framework under test computed.
  public internal(set) var reference = ReferenceTensors()
  /// What the same framework computed in float64.
  ///
  /// Inputs and upstream gradients that it does not have are those of the layer.
  public internal(set) var twin: ReferenceTensors?
  /// Tensors that cannot be read: what needs them is not compared.
  public internal(set) var unavailable: [UnavailableTensor] = []

  /// Where an input comes from.
  public enum Connection: Hashable, Sendable {
    /// An input of the network, by its name.
    case networkInput(String)
    /// An output of a layer, both by position.
    case layerOutput(layer: Int, output: Int)
  }
}

/// A tensor that the file declares and that cannot be read.
public struct UnavailableTensor: Hashable, Sendable {
  /// Its path in the file.
  public let path: String
  /// Why.
  public let problem: HDF5Problem
}
