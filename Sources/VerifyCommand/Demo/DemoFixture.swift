import HDF5File
import LayerKit
import Network
import Reports
import Tensors
import Text

/// Writes what the demo's network computed, as an exporter of a framework would.
struct DemoFixture {
  let network: DemoNetwork
  let pass: Pass<Float>

  /// Writes the fixture.
  func write(to path: String, command: String) throws {
    let writer = try HDF5Writer(path: path)
    var provenance = JSONObject()
    provenance.add("command", command)
    provenance.add("seed", Int(DemoNetwork.seed))
    for (name, value) in [
      ("format", "cnn-fixture"), ("format_version", "1.0"), ("loss", "loss"),
      ("producer", "cnn-verify demo \(VerifyCommand.version)"), ("provenance", provenance.text),
    ] {
      try writer.attribute(name, .text(value))
    }
    for (name, tensor) in network.inputs.sorted(by: { $0.key < $1.key }) {
      try write(tensor, to: writer, at: "inputs/\(name)", isIndex: name == "label")
    }
    for (node, layer) in DemoNetwork.layers.enumerated() {
      try write(layer, node, to: writer)
    }
    try writer.commit()
  }

  private func write(
    _ layer: DemoNetwork.Layer, _ node: Int, to writer: borrowing HDF5Writer
  ) throws {
    let group = "layers/\(layer.name)"
    try writer.group(group)
    try writer.attribute("type", of: group, .text(layer.kind))
    try writer.attribute(
      "inputs", of: group,
      .strings(layer.inputs.map { UntrustedText($0) }, shape: [layer.inputs.count]))
    for (name, value) in layer.hyperparameters.sorted(by: { $0.key < $1.key }) {
      try writer.attribute(name, of: group, .integers(value, shape: [value.count]))
    }
    for (name, tensor) in network.model.layers[node].parameters.sorted(by: { $0.key < $1.key }) {
      try write(tensor, to: writer, at: "\(group)/parameters/\(name)")
    }
    let reference = "\(group)/reference"
    try write(pass.outputs[node][0], to: writer, at: "\(reference)/output")
    if let upstream = pass.upstream[node] {
      try write(upstream[0], to: writer, at: "\(reference)/grad_output")
    }
    for (input, gradient) in pass.inputGradients[node].sorted(by: { $0.key < $1.key }) {
      try write(gradient, to: writer, at: "\(reference)/grad_input.\(input)")
    }
    for (name, gradient) in pass.parameterGradients[node].sorted(by: { $0.key < $1.key }) {
      try write(gradient, to: writer, at: "\(reference)/grad_parameters/\(name)")
    }
  }

  private func write(
    _ tensor: Tensor<Float>, to writer: borrowing HDF5Writer, at path: String,
    isIndex: Bool = false
  ) throws {
    let shape = tensor.shape.extents
    if isIndex {
      try writer.dataset(path, tensor.elements.map { Int64($0) }, shape: shape)
    } else {
      try writer.dataset(path, tensor.elements, shape: shape)
    }
  }
}

extension AttributeValue {
  /// A text.
  static func text(_ text: String) -> AttributeValue {
    .strings([UntrustedText(text)], shape: [])
  }
}
