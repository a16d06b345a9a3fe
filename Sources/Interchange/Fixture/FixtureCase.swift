// FixtureCase.swift

import HDF5File
public import Text

/// One network, or one set of layers that stand alone, with its reference.
public struct FixtureCase: Sendable {
  /// Its name, untrusted text; nil where the file has no cases.
  public let name: String?
  /// Who computed the reference.
  public let producer: UntrustedText?
  /// How it was computed: free-form JSON text.
  public let provenance: UntrustedText?
  /// How the reference multiplied.
  public let arithmetic: Arithmetic
  /// The layer whose output is the objective, as an index into `layers`.
  public let lossLayer: Int?
  /// The inputs of the network, in the order of the file; those that can be read.
  public let inputs: [(name: String, tensor: StoredTensor)]
  /// The layers in topological order; of layers that could come next, the lower `index` is first,
  /// then the earlier in the file.
  public let layers: [FixtureLayer]
  /// The optimiser's step, where there is one.
  public let update: FixtureUpdate?
  /// Several training steps, where there are some.
  public let trajectory: FixtureTrajectory?

  /// How a reference multiplied.
  public enum Arithmetic: String, Hashable, Sendable, CaseIterable {
    /// In the format of the tensors.
    case ieee
    /// With operands of 11 significant bits.
    case tf32
    /// With operands of 8 significant bits.
    case bf16
    /// With operands of 11 significant bits and a small range.
    case fp16
  }
}

/// The way a reference multiplied.
public typealias Arithmetic = FixtureCase.Arithmetic
