import AcmeLayers
public import CLayerABI
import CNNPluginSupport

/// The one function that the library exports: the table of its kinds.
@c(cnn_plugin_entry)
public func entry() -> UnsafePointer<cnn_plugin> { plugin(AcmeLayers.self) }
