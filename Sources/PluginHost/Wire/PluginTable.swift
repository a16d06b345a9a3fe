import LayerKit
import Tensors

/// The kinds of layers that a plug-in offers: what is left of its table once it has been checked.
struct PluginTable: Sendable {
  let name: String
  let builtWith: [UInt8]
  let kinds: [Kind]

  /// One kind of layer.
  struct Kind: Sendable {
    let signature: Signature
    let formula: [UInt8]
    let examples: [LayerExample]
    let functions: Functions
  }

  /// The functions that a kind may go without, and has.
  struct Functions: OptionSet, Sendable {
    let rawValue: UInt8
    static let valueCheck = Functions(rawValue: 1)
    static let singleForward = Functions(rawValue: 2)
    static let singleBackward = Functions(rawValue: 4)
    static let definition = Functions(rawValue: 8)
    static let bound = Functions(rawValue: 16)
  }
}

extension MessageWriter {
  mutating func put(_ table: PluginTable) {
    put(table.name)
    put(bytes: table.builtWith)
    put(list: table.kinds) { writer, kind in
      writer.put(kind.signature)
      writer.put(bytes: kind.formula)
      writer.put(list: kind.examples) { $0.put($1) }
      writer.put(kind.functions.rawValue)
    }
  }

  private mutating func put(_ signature: Signature) {
    put(signature.kind)
    put(signature.maximumInputs == .max && !signature.inputs.isEmpty)
    put(signature.traits.rawValue)
    for slots in [signature.inputs, signature.parameters, signature.buffers, signature.auxiliary] {
      put(list: slots) { writer, slot in
        writer.put(slot.name)
        writer.put(UInt8(TensorContent.all.firstIndex(of: slot.content) ?? 0))
        writer.put(slot.isOptional)
      }
    }
  }

  private mutating func put(_ example: LayerExample) {
    put(example.name)
    put(list: example.hyperparameters.sorted { $0.key < $1.key }) { writer, entry in
      writer.put(entry.key)
      writer.put(entry.value)
    }
    put(example.shapes)
    put(example.indexLimit)
    put(list: example.inputValues.sorted { $0.key < $1.key }) { writer, entry in
      writer.put(entry.key)
      writer.put(list: entry.value) { $0.put($1) }
    }
    put(example.problem != nil)
    put(example.problem?.description ?? "")
  }

  mutating func put(_ shapes: OperandShapes) {
    put(list: shapes.inputs) { $0.put($1) }
    for group in [shapes.parameters, shapes.buffers, shapes.auxiliary] {
      put(list: group.sorted { $0.key < $1.key }) { writer, entry in
        writer.put(entry.key)
        writer.put(entry.value)
      }
    }
    put(shapes.isTraining)
  }
}

extension MessageReader {
  mutating func table() throws(MalformedMessage) -> PluginTable {
    PluginTable(
      name: try word(), builtWith: try text(),
      kinds: try list { reader throws(MalformedMessage) in
        PluginTable.Kind(
          signature: try reader.signature(), formula: try reader.text(),
          examples: try reader.list { reader throws(MalformedMessage) in try reader.example() },
          functions: PluginTable.Functions(rawValue: try reader.number()))
      })
  }

  /// A name of letters, digits, `_` and points.
  private mutating func word() throws(MalformedMessage) -> String {
    let word = try string()
    guard PluginName.isKind(word) || PluginName.isWord(word) else { throw MalformedMessage() }
    return word
  }

  private mutating func signature() throws(MalformedMessage) -> Signature {
    let kind = try word()
    let repeats = try flag()
    let traits = Signature.Traits(rawValue: try integer())
    return Signature(
      kind: kind, inputs: try slots(), repeatsLastInput: repeats, parameters: try slots(),
      buffers: try slots(), auxiliary: try slots(), traits: traits)
  }

  private mutating func slots() throws(MalformedMessage) -> [Signature.Slot] {
    try list { reader throws(MalformedMessage) in
      let name = try reader.word()
      let content = Int(try reader.number(UInt8.self))
      guard TensorContent.all.indices.contains(content) else { throw MalformedMessage() }
      return Signature.Slot(name, TensorContent.all[content], optional: try reader.flag())
    }
  }

  private mutating func example() throws(MalformedMessage) -> LayerExample {
    let name = try string()
    let hyperparameters = try list { reader throws(MalformedMessage) in
      (try reader.string(), try reader.value())
    }
    let shapes = try operandShapes()
    let limit = try integer()
    let values = try list { reader throws(MalformedMessage) in
      (
        try reader.integer(),
        try reader.list { reader throws(MalformedMessage) in try reader.real() }
      )
    }
    let isRefused = try flag()
    let words = try string()
    return LayerExample(
      name, Dictionary(hyperparameters) { $1 }, inputs: shapes.inputs,
      parameters: shapes.parameters, buffers: shapes.buffers, auxiliary: shapes.auxiliary,
      isTraining: shapes.isTraining, indexLimit: limit, inputValues: Dictionary(values) { $1 },
      refused: isRefused ? .other(words) : nil)
  }

  mutating func operandShapes() throws(MalformedMessage) -> OperandShapes {
    let inputs = try list { reader throws(MalformedMessage) in try reader.shape() }
    let parameters = try namedShapes()
    let buffers = try namedShapes()
    let auxiliary = try namedShapes()
    return OperandShapes(
      inputs: inputs, parameters: parameters, buffers: buffers, auxiliary: auxiliary,
      isTraining: try flag())
  }

  private mutating func namedShapes() throws(MalformedMessage) -> [String: Shape] {
    let entries = try list { reader throws(MalformedMessage) in
      (try reader.string(), try reader.shape())
    }
    return Dictionary(entries) { $1 }
  }
}

/// The contents of tensors in the order of their numbers in the header.
enum TensorContent {
  static let all: [Signature.Content] = [
    .numbers, .positiveNumbers, .probabilities, .indices, .labels, .mask, .signs,
  ]
}

/// The names that a plug-in may use.
enum PluginName {
  /// The longest name.
  static let longest = 128

  /// Letters, digits and `_`, at least one of them.
  static func isWord(_ text: some StringProtocol) -> Bool {
    (1...longest).contains(text.utf8.count)
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
          true
        default: false
        }
      }
  }

  /// Two words with a point between them.
  static func isKind(_ text: String) -> Bool {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 2 && parts.allSatisfy { isWord($0) }
  }
}
