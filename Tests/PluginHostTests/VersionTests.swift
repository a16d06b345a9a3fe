import CLayerABI
import FixtureDrafts
import LayerKit
import PluginHost
import Tensors
import Testing

/// Plug-ins that were compiled with the header of an earlier version.
@Suite struct VersionTests {
  /// The header of version 1.0, which is never changed.
  private static let firstHeader = BuiltPlugin.sources + "/../Header-1.0"

  @Test func `a plug-in of version 1_0 gives the same bits`() throws {
    let (old, new) = (
      try TestPlugin(header: Self.firstHeader), try TestPlugin()
    )
    for kind in ["acme.Scale", "acme.Bad"] {
      let (before, now) = (
        try old.layer(kind, ["s": 0.1]), try new.layer(kind, ["s": 0.1])
      )
      let operands = TestPlugin.operands
      #expect(
        try before.double.forward(operands).outputs == now.double.forward(operands).outputs)
      try TestPlugin.use(before)
    }
  }

  /// Structs that a plug-in makes may only grow; the sizes of version 1.0 stand in the reader.
  @Test func `no struct of the header has shrunk`() {
    #expect(MemoryLayout<cnn_plugin>.size >= 40)
    #expect(MemoryLayout<cnn_layer_type>.size >= 184)
    #expect(MemoryLayout<cnn_slot>.size >= 24)
    #expect(MemoryLayout<cnn_example>.size >= 48)
    #expect(MemoryLayout<cnn_host>.size >= 136)
    #expect(MemoryLayout<cnn_tensor>.size >= 96)
    #expect(MemoryLayout<cnn_operands>.size >= 56)
  }

  /// What a later version adds to the end of a struct is no obstacle to this one.
  @Test func `a plug-in of a later minor version is loaded`() throws {
    let plugin = try TestPlugin([
      "IN_TYPE":
        """
      static struct { cnn_layer_type known; void *more[4]; } longer; \
      longer.known = bad; longer.known.struct_size = sizeof longer; \
      static const cnn_layer_type *list[2]; list[0] = &scale; list[1] = &longer.known; \
      plugin.layers = list; plugin.abi = (1u << 16) | 7;
      """
    ])
    try TestPlugin.use(try plugin.layer("acme.Bad"))
  }
}
