// LayerDraft.swift

import HDF5File
import LayerKit

/// A layer while its fixture is being read: itself, and what has to be resolved among layers.
struct LayerDraft {
  /// Where the layer is.
  let path: ObjectPath
  /// Its name, by bytes.
  let name: ObjectName
  /// What is known so far.
  var layer: FixtureLayer
  /// What nobody registered has no definition.
  let definition: LayerDefinition?
  /// The names that feed it; nil for a layer that stands alone.
  let sources: [String]?
  /// The layer that holds its parameters.
  let holder: String?
  /// The paths of tensors below the layer that are there, readable or not: `parameters/weight`.
  var declared: Set<String> = []
  /// The tensors, and groups of them, that a misspelled or misplaced object was meant to be.
  var presumed: Set<String> = []
  /// Problems and what else was met.
  var findings: Findings
  /// The shapes of the operands as the layer's rule accepted them.
  var operandShapes: OperandShapes?
  /// Whether it is judged on a tensor whose shape is disputed, at whatever distance.
  var isDisputed = false

  /// The number of inputs that stand with the layer itself, readable or not.
  var recordedInputs = 0
  /// The number of inputs, where the file or the kind says it.
  var inputCount: Int {
    if let sources { return sources.count }
    return max(recordedInputs, layer.layer?.signature.minimumInputs ?? 0)
  }

  mutating func report(_ reason: FixtureReason) { findings.problems.report(reason, at: path) }

  mutating func report(_ problem: LayerProblem) { findings.problems.report(problem, at: path) }
}
