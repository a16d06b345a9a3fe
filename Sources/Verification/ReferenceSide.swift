import Discrepancy
import Interchange
import LayerKit
import Reports
import Tensors

/// One of a layer's references: the usual one or its twin in double precision, with what the
/// layer is to compute from.
struct ReferenceSide {
  let tree: ReferenceTensors
  let isTwin: Bool
  let inputs: [StoredTensor?]
  let buffers: [String: StoredTensor]
  let layer: FixtureLayer
  private let isLoss: Bool

  init(tree: ReferenceTensors, isTwin: Bool, _ layer: FixtureLayer, isLoss: Bool) {
    self.tree = tree
    self.isTwin = isTwin
    self.layer = layer
    self.isLoss = isLoss
    // A twin's tree has been completed with the values that it shares with the other reference.
    inputs = layer.inputs.indices.map { isTwin ? tree.inputs[$0] : layer.inputs[$0] }
    buffers = layer.buffers.merging(tree.initialBuffers) { $1 }
  }

  /// The name of the group that holds this reference.
  var name: String { isTwin ? "reference_f64" : "reference" }

  /// The upstream gradient of an output, where the fixture has one.
  func outputGradient(_ output: Int) -> StoredTensor? {
    tree.outputGradients[output]
  }

  /// Whether a missing upstream gradient is that of the objective itself, 1.
  func isObjective(_ output: Int) -> Bool { isLoss && output == 0 }

  /// The format to which the reference rounds constants: that of its first tensor of numbers.
  var format: NumberFormat { isTwin ? .float64 : layer.format }

  /// Whether the layer computes from numbers that are stored in double precision.
  var hasDoubleOperands: Bool {
    let operands = inputs.compactMap { $0 } + Array(layer.parameters.values)
    let others = Array(buffers.values) + layer.auxiliary.values + tree.outputGradients.values
    return (operands + others).contains { $0.format == .float64 }
  }

  /// The stored value of one result.
  func stored(_ tensor: ResultTensor) -> StoredTensor? {
    switch tensor {
    case .output(let index): tree.outputs[index]
    case .inputGradient(let index): tree.inputGradients[index]
    case .parameterGradient(let name): tree.parameterGradients[name]
    case .buffer(let name): tree.buffers[name]
    }
  }

  /// The results that the fixture holds, in the order of reports.
  var present: [ResultTensor] {
    tree.outputs.keys.sorted().map(ResultTensor.output)
      + tree.buffers.keys.sorted().map(ResultTensor.buffer)
      + tree.inputGradients.keys.sorted().map(ResultTensor.inputGradient)
      + tree.parameterGradients.keys.sorted().map(ResultTensor.parameterGradient)
  }

  /// A report that says of every result in the fixture why it was not compared.
  func allNotCompared(_ reason: TensorReport.Reason) -> [TensorReport] {
    let reports = present.map { notCompared($0, reason) }
    guard reports.isEmpty else { return reports }
    return [TensorReport(path: "output", reference: name, verdict: .notCompared, reason: reason)]
  }

  /// A report that says why one result was not compared.
  func notCompared(_ tensor: ResultTensor, _ reason: TensorReport.Reason) -> TensorReport {
    TensorReport(path: path(tensor), reference: name, verdict: .notCompared, reason: reason)
  }

  /// The dataset's path below the reference's group.
  func path(_ tensor: ResultTensor) -> String {
    let several = (layer.outputShapes?.count ?? tree.outputs.count) > 1
    return switch tensor {
    case .output(let index): several ? "output.\(index)" : "output"
    case .inputGradient(let index): inputs.count > 1 ? "grad_input.\(index)" : "grad_input"
    case .parameterGradient(let name): "grad_parameters/\(name)"
    case .buffer(let name): "buffers/\(name)"
    }
  }
}
