public import CLayerABI
import CNNPluginSupport
import LayerKit
import StandardLayers

/// All standard kinds, once more under other names, in a shared library.
enum SwiftLayers: Plugin {
  static let name = "swift"
  static let layers = StandardLayers.layers.map { kind in
    let own = kind.signature
    let signature = Signature(
      kind: "swift.\(own.kind)", inputs: own.inputs,
      repeatsLastInput: own.maximumInputs == .max, parameters: own.parameters,
      buffers: own.buffers, auxiliary: own.auxiliary, traits: own.traits)
    return LayerDefinition(
      signature: signature, examples: kind.examples, formula: kind.formula
    ) { hyperparameters throws(InvalidHyperparameters) in
      try kind.layer(hyperparameters)
    }
  }
}

@c(cnn_plugin_entry)
public func entry() -> UnsafePointer<cnn_plugin> { plugin(SwiftLayers.self) }
