import Conformance
import Testing
import XNAMELayers

@Test(arguments: XNAMELayers.layers.indices)
func `every kind conforms`(index: Int) throws {
  try ConformanceKit.check(XNAMELayers.layers[index])
}
