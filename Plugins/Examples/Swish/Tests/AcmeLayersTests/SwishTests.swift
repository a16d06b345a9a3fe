import AcmeLayers
import Conformance
import Testing

@Test func `Swish conforms`() throws { try ConformanceKit.check(Swish.self) }
