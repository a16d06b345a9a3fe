// FixtureTrajectory.swift

public import Network

/// Several training steps, from the layers' own parameters on.
public struct FixtureTrajectory: Sendable {
  /// The inputs of each step, by name.
  public internal(set) var batches: [[String: StoredTensor]] = []
  /// The objective of each step, before its update.
  public internal(set) var loss: StoredTensor?
  /// The parameters after the last step.
  public internal(set) var parameters: [ParameterUse: StoredTensor] = [:]
  /// Tensors that cannot be read: what needs them is not compared.
  public internal(set) var unavailable: [UnavailableTensor] = []

  /// The number of steps.
  public var steps: Int { batches.count }
}
