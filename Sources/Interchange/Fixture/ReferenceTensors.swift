// ReferenceTensors.swift

/// What another framework computed for one layer, as far as it was recorded.
public struct ReferenceTensors: Sendable {
  /// A reference of nothing.
  package init() {}

  /// The inputs it was computed from, by position.
  public internal(set) var inputs: [Int: StoredTensor] = [:]
  /// The outputs, by position.
  public internal(set) var outputs: [Int: StoredTensor] = [:]
  /// ∂L/∂output, summed over all consumers, by position; each has the shape of its output.
  public internal(set) var outputGradients: [Int: StoredTensor] = [:]
  /// ∂L/∂input for this edge alone, by position.
  public internal(set) var inputGradients: [Int: StoredTensor] = [:]
  /// ∂L/∂parameter from this application alone.
  public internal(set) var parameterGradients: [String: StoredTensor] = [:]
  /// The state after the forward pass.
  public internal(set) var buffers: [String: StoredTensor] = [:]
  /// The parameters after the optimiser's step.
  public internal(set) var updatedParameters: [String: StoredTensor] = [:]
  /// The state before the forward pass, where that is not the layer's own; only in a twin.
  public internal(set) var initialBuffers: [String: StoredTensor] = [:]
}
