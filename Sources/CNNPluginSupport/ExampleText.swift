internal import CLayerABI
import LayerKit
import Tensors

extension cnn_example {
  /// An example in the texts of the header.
  init(_ example: LayerExample, of signature: Signature) {
    self.init()
    struct_size = UInt32(MemoryLayout<cnn_example>.size)
    is_training = example.shapes.isTraining ? 1 : 0
    name = permanent(example.name)
    hyperparameters = permanent(
      example.hyperparameters.sorted { $0.key < $1.key }.map { "\($0)=\(Self.text($1))" }
        .joined(separator: " "))
    tensors = permanent(Self.tensors(example, signature))
    refused = example.problem.map { permanent($0.description) } ?? nil
    index_limit = Int64(example.indexLimit)
  }

  private static func text(_ value: HyperparameterValue) -> String {
    switch value {
    case .boolean(let flag): return "\(flag)"
    case .integer(let number): return "\(number)"
    case .real(let number): return "\(number)"
    case .text(let text):
      precondition(!text.contains("\""), "a word of an example has no quotation marks")
      return "\"\(text)\""
    case .list(let values):
      return "[" + values.map(Self.text).joined(separator: ",") + "]"
    }
  }

  private static func tensors(_ example: LayerExample, _ signature: Signature) -> String {
    let inputs = example.shapes.inputs.enumerated().map { index, shape in
      let values = example.inputValues[index].map { values in
        ":" + values.map { "\($0)" }.joined(separator: ",")
      }
      // An example that must be refused may have an input that the kind does not take.
      let name = signature.inputs.isEmpty ? "input" : signature.input(index).name
      return "\(name)=\(text(shape))\(values ?? "")"
    }
    let folders = [
      ("parameters", example.shapes.parameters), ("buffers", example.shapes.buffers),
      ("auxiliary", example.shapes.auxiliary),
    ]
    let others = folders.flatMap { folder, shapes in
      shapes.sorted { $0.key < $1.key }.map { "\(folder)/\($0)=\(text($1))" }
    }
    return (inputs + others).joined(separator: " ")
  }

  private static func text(_ shape: Shape) -> String {
    shape.rank == 0 ? "scalar" : shape.extents.map { "\($0)" }.joined(separator: "x")
  }
}
