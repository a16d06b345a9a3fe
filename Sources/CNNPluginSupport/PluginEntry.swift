public import CLayerABI
internal import Glibc
public import LayerKit

/// The table of a plug-in written in Swift.
///
/// It is what the one exported function returns:
///
///     import CLayerABI
///     import CNNPluginSupport
///
///     @c(cnn_plugin_entry)
///     public func entry() -> UnsafePointer<cnn_plugin> { plugin(AcmeLayers.self) }
///
/// The names of the kinds begin with the plug-in's name and a point. Nothing of Swift crosses the
/// border to the host: it sees a table of C, whose functions call the layers of this library with
/// the copy of the toolkit that is linked into it.
public func plugin(_ plugin: any Plugin.Type) -> UnsafePointer<cnn_plugin> {
  let types = plugin.layers.map { layerType($0) }
  // The table stays for as long as the library is loaded: for good.
  let list = UnsafeMutablePointer<UnsafePointer<cnn_layer_type>?>.allocate(
    capacity: max(1, types.count))
  for (index, type) in types.enumerated() { (list + index).initialize(to: type) }
  var table = cnn_plugin()
  table.magic = CNN_ABI_MAGIC
  table.abi = CNN_ABI
  table.struct_size = UInt32(MemoryLayout<cnn_plugin>.size)
  table.layer_count = UInt32(types.count)
  table.name = permanent(plugin.name)
  table.built_with = permanent("cnn-abi-1.0 CNNPluginSupport")
  table.layers = UnsafePointer(list)
  return permanent(table)
}

/// What a kind's functions find behind `user`.
final class KindBox {
  let definition: LayerDefinition

  init(_ definition: LayerDefinition) { self.definition = definition }
}

/// One kind as the header describes it.
private func layerType(_ definition: LayerDefinition) -> UnsafePointer<cnn_layer_type> {
  let signature = definition.signature
  var type = cnn_layer_type()
  type.struct_size = UInt32(MemoryLayout<cnn_layer_type>.size)
  type.traits = UInt32(truncatingIfNeeded: signature.traits.rawValue)
  if signature.maximumInputs == .max { type.traits |= UInt32(CNN_REPEATS_LAST_INPUT) }
  type.kind = permanent(signature.kind)
  type.formula = permanent(definition.formula)
  (type.inputs, type.input_count) = slots(signature.inputs)
  (type.parameters, type.parameter_count) = slots(signature.parameters)
  (type.buffers, type.buffer_count) = slots(signature.buffers)
  (type.auxiliary, type.auxiliary_count) = slots(signature.auxiliary)
  let examples = definition.examples.map { cnn_example($0, of: signature) }
  type.examples = permanent(examples)
  type.example_count = UInt32(examples.count)
  type.user = UnsafeRawPointer(Unmanaged.passRetained(KindBox(definition)).toOpaque())
  type.setFunctions()
  return permanent(type)
}

private func slots(_ slots: [Signature.Slot]) -> (UnsafePointer<cnn_slot>?, UInt32) {
  let list = slots.map { slot in
    var entry = cnn_slot()
    entry.struct_size = UInt32(MemoryLayout<cnn_slot>.size)
    entry.content = slot.content.numberInHeader
    entry.is_optional = slot.isOptional ? 1 : 0
    entry.name = UnsafePointer(strdup(slot.name))
    return entry
  }
  return (permanent(list), UInt32(list.count))
}

extension Signature.Content {
  fileprivate var numberInHeader: UInt32 {
    switch self {
    case .numbers: UInt32(CNN_NUMBERS)
    case .positiveNumbers: UInt32(CNN_POSITIVE_NUMBERS)
    case .probabilities: UInt32(CNN_PROBABILITIES)
    case .indices: UInt32(CNN_INDICES)
    case .labels: UInt32(CNN_LABELS)
    case .mask: UInt32(CNN_MASK)
    case .signs: UInt32(CNN_SIGNS)
    }
  }
}

// MARK: What stays

func permanent(_ text: String) -> UnsafePointer<CChar>? { UnsafePointer(strdup(text)) }

private func permanent<Value>(_ value: Value) -> UnsafePointer<Value> {
  let copy = UnsafeMutablePointer<Value>.allocate(capacity: 1)
  copy.initialize(to: value)
  return UnsafePointer(copy)
}

private func permanent<Value>(_ values: [Value]) -> UnsafePointer<Value>? {
  guard !values.isEmpty else { return nil }
  let copy = UnsafeMutablePointer<Value>.allocate(capacity: values.count)
  copy.initialize(from: values, count: values.count)
  return UnsafePointer(copy)
}
