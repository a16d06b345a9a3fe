internal import CLayerABI
import LayerKit
import Tensors

/// Reads the table of a plug-in, and refuses what a later call would stumble over.
///
/// Fields beyond the size that a struct states are absent: the plug-in was compiled with a header
/// that did not have them.
struct TableReader {
  /// The sizes of the structs in version 1.0, below which no plug-in can go.
  enum FirstVersion {
    static let plugin = 40
    static let layerType = 184
    static let slot = 24
    static let example = 48
  }

  private static let knownTraits =
    CNN_INDEPENDENT_SAMPLES | CNN_DEPENDS_ON_TRAINING | CNN_ELEMENTWISE | CNN_LOSS
    | CNN_REPEATS_LAST_INPUT

  private static let mostExamples = 1000

  /// The kinds as the table has them.
  private(set) var types: [UnsafePointer<cnn_layer_type>] = []
  private var name = ""

  /// Reads the whole table.
  mutating func read(_ table: UnsafePointer<cnn_plugin>?) throws(LibraryRefusal) -> PluginTable {
    guard let table else { throw LibraryRefusal(.noTable) }
    guard table.pointee.magic == CNN_ABI_MAGIC else {
      throw LibraryRefusal(
        .wrongMagic, figure: Int(table.pointee.magic), needed: Int(CNN_ABI_MAGIC))
    }
    let major = Int(table.pointee.abi >> 16)
    guard major == Int(CNN_ABI_MAJOR) else {
      throw LibraryRefusal(.wrongABI, figure: major, needed: Int(CNN_ABI_MAJOR))
    }
    let size = Int(table.pointee.struct_size)
    guard size >= FirstVersion.plugin else {
      throw LibraryRefusal(.tooSmall, "cnn_plugin", figure: size, needed: FirstVersion.plugin)
    }
    let count = Int(table.pointee.layer_count)
    guard (1...Int(CNN_MAX_KINDS)).contains(count) else {
      throw LibraryRefusal(.layerCount, figure: count, needed: Int(CNN_MAX_KINDS))
    }
    name = try text(table.pointee.name, "the name of the plug-in")
    guard PluginName.isWord(name) else {
      throw LibraryRefusal(.illFormedName, "itself", detail: Array(name.utf8))
    }
    guard let layers = table.pointee.layers else {
      throw LibraryRefusal(.nullPointer, "the list of kinds")
    }
    var kinds: [PluginTable.Kind] = []
    for index in 0..<count {
      guard let type = layers[index] else {
        throw LibraryRefusal(.nullPointer, "kind \(index) of \(count)")
      }
      let kind = try kind(type)
      guard !kinds.contains(where: { $0.signature.kind == kind.signature.kind }) else {
        throw LibraryRefusal(.duplicateKind, kind.signature.kind)
      }
      kinds.append(kind)
      types.append(type)
    }
    return PluginTable(name: name, builtWith: optionalBytes(table.pointee.built_with), kinds: kinds)
  }

  private func kind(
    _ pointer: UnsafePointer<cnn_layer_type>
  ) throws(LibraryRefusal) -> PluginTable.Kind {
    let size = Int(pointer.pointee.struct_size)
    guard size >= FirstVersion.layerType else {
      throw LibraryRefusal(
        .tooSmall, "cnn_layer_type", figure: size, needed: FirstVersion.layerType)
    }
    let type = cnn_layer_type(known: pointer)
    let kind = try text(type.kind, "the name of a kind")
    guard kind.hasPrefix(name + ".") else {
      guard PluginName.isKind(kind) || PluginName.isWord(kind) else {
        throw LibraryRefusal(.illFormedName, "a kind", detail: Array(kind.utf8))
      }
      throw LibraryRefusal(.wrongPrefix, kind, detail: Array(name.utf8))
    }
    guard PluginName.isKind(kind) else {
      throw LibraryRefusal(.illFormedName, "a kind", detail: Array(kind.utf8))
    }
    for (function, isThere) in [
      ("create", type.create != nil), ("infer", type.infer != nil),
      ("forward_f64", type.forward_f64 != nil), ("backward_f64", type.backward_f64 != nil),
    ] where !isThere {
      throw LibraryRefusal(.noFunction, kind, detail: Array(function.utf8))
    }
    let signature = try signature(type, kind)
    return PluginTable.Kind(
      signature: signature, formula: optionalBytes(type.formula),
      examples: try examples(type, signature), functions: functions(type))
  }

  private func functions(_ type: cnn_layer_type) -> PluginTable.Functions {
    var functions: PluginTable.Functions = []
    if type.check_values != nil { functions.insert(.valueCheck) }
    if type.forward_f32 != nil { functions.insert(.singleForward) }
    if type.backward_f32 != nil { functions.insert(.singleBackward) }
    if type.define_f64 != nil { functions.insert(.definition) }
    if type.bound != nil { functions.insert(.bound) }
    return functions
  }

  // MARK: Tensors

  private func signature(
    _ type: cnn_layer_type, _ kind: String
  ) throws(LibraryRefusal) -> Signature {
    guard type.traits & ~UInt32(Self.knownTraits) == 0 else {
      throw LibraryRefusal(.unknownTraits, kind, figure: Int(type.traits))
    }
    let inputs = try slots(type.inputs, type.input_count, "inputs", kind)
    if let optional = inputs.firstIndex(where: \.isOptional),
      inputs[optional...].contains(where: { !$0.isOptional })
    {
      throw LibraryRefusal(.optionalOrder, kind)
    }
    let repeats = type.traits & UInt32(CNN_REPEATS_LAST_INPUT) != 0
    guard !repeats || !inputs.isEmpty else { throw LibraryRefusal(.noInput, kind) }
    return Signature(
      kind: kind, inputs: inputs, repeatsLastInput: repeats,
      parameters: try slots(type.parameters, type.parameter_count, "parameters", kind),
      buffers: try slots(type.buffers, type.buffer_count, "buffers", kind),
      auxiliary: try slots(type.auxiliary, type.auxiliary_count, "auxiliary tensors", kind),
      traits: Signature.Traits(rawValue: Int(type.traits) & 0xFFFF))
  }

  private func slots(
    _ first: UnsafePointer<cnn_slot>?, _ count: UInt32, _ what: String, _ kind: String
  ) throws(LibraryRefusal) -> [Signature.Slot] {
    guard count > 0 else { return [] }
    guard count <= CNN_MAX_SLOTS else {
      throw LibraryRefusal(
        .tooMany, kind, detail: Array(what.utf8), figure: Int(count),
        needed: Int(CNN_MAX_SLOTS))
    }
    guard let first else { throw LibraryRefusal(.nullPointer, "the \(what) of `\(kind)`") }
    let step = Int(first.pointee.struct_size)
    guard step >= FirstVersion.slot, step % MemoryLayout<cnn_slot>.alignment == 0 else {
      throw LibraryRefusal(.tooSmall, "cnn_slot", figure: step, needed: FirstVersion.slot)
    }
    var slots: [Signature.Slot] = []
    for index in 0..<Int(count) {
      let slot = UnsafeRawPointer(first).advanced(by: index * step)
        .assumingMemoryBound(to: cnn_slot.self).pointee
      let name = try text(slot.name, "the name of one of the \(what) of `\(kind)`")
      guard PluginName.isWord(name) else {
        throw LibraryRefusal(
          .illFormedName, "one of the \(what) of `\(kind)`", detail: Array(name.utf8))
      }
      guard !slots.contains(where: { $0.name == name }) else {
        throw LibraryRefusal(.duplicateSlot, kind, detail: Array(name.utf8))
      }
      guard TensorContent.all.indices.contains(Int(slot.content)) else {
        throw LibraryRefusal(
          .unknownContent, kind, detail: Array(name.utf8), figure: Int(slot.content))
      }
      slots.append(
        Signature.Slot(
          name, TensorContent.all[Int(slot.content)], optional: slot.is_optional != 0))
    }
    return slots
  }

  // MARK: Examples

  private func examples(
    _ type: cnn_layer_type, _ signature: Signature
  ) throws(LibraryRefusal) -> [LayerExample] {
    guard type.example_count > 0 else { return [] }
    guard type.example_count <= Self.mostExamples else {
      throw LibraryRefusal(
        .tooMany, signature.kind, detail: Array("examples".utf8), figure: Int(type.example_count),
        needed: Self.mostExamples)
    }
    guard let first = type.examples else {
      throw LibraryRefusal(.nullPointer, "the examples of `\(signature.kind)`")
    }
    let step = Int(first.pointee.struct_size)
    guard step >= FirstVersion.example, step % MemoryLayout<cnn_example>.alignment == 0 else {
      throw LibraryRefusal(.tooSmall, "cnn_example", figure: step, needed: FirstVersion.example)
    }
    var examples: [LayerExample] = []
    for index in 0..<Int(type.example_count) {
      let example = UnsafeRawPointer(first).advanced(by: index * step)
        .assumingMemoryBound(to: cnn_example.self).pointee
      let what = "an example of `\(signature.kind)`"
      let parser = ExampleParser(
        name: try text(example.name, what),
        hyperparameters: try example.hyperparameters.map { text throws(LibraryRefusal) in
          try self.text(text, what)
        } ?? "",
        tensors: try text(example.tensors, what), isTraining: example.is_training != 0,
        indexLimit: Int(example.index_limit),
        refused: try example.refused.map { text throws(LibraryRefusal) in
          try self.text(text, what)
        })
      do {
        examples.append(try parser.example(of: signature))
      } catch {
        throw LibraryRefusal(.badExample, signature.kind, detail: Array(error.reason.utf8))
      }
    }
    return examples
  }

  // MARK: Texts

  private static let longestText = 4096

  private func text(
    _ pointer: UnsafePointer<CChar>?, _ what: String
  ) throws(LibraryRefusal) -> String {
    guard let pointer else { throw LibraryRefusal(.nullPointer, what) }
    let bytes = Self.bytes(pointer)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw LibraryRefusal(.notUTF8, what)
    }
    return text
  }

  private func optionalBytes(_ pointer: UnsafePointer<CChar>?) -> [UInt8] {
    pointer.map { Self.bytes($0) } ?? []
  }

  /// The bytes of a text before its end, or before there are too many.
  static func bytes(_ pointer: UnsafePointer<CChar>, limit: Int = longestText) -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count < limit, pointer[bytes.count] != 0 {
      bytes.append(UInt8(bitPattern: pointer[bytes.count]))
    }
    return bytes
  }
}

extension cnn_layer_type {
  /// What of a type both sides know; zero for what the plug-in does not have.
  init(known pointer: UnsafePointer<cnn_layer_type>) {
    self.init()
    let size = min(Int(pointer.pointee.struct_size), MemoryLayout<cnn_layer_type>.size)
    withUnsafeMutableBytes(of: &self) { bytes in
      bytes.copyMemory(from: UnsafeRawBufferPointer(start: pointer, count: size))
    }
  }
}
