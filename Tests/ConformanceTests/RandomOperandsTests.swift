import Conformance
import LayerKit
import Tensors
import Testing

private let signature = Signature(
  kind: "test.Everything",
  inputs: [.init("input"), .init("target", .labels), .init("mask", .mask)],
  parameters: [.init("weight", .positiveNumbers), .init("bias", optional: true)],
  buffers: [.init("count", .indices)], auxiliary: [.init("p", .probabilities)])

@Test func `numbers follow what the signature says of each tensor`() throws {
  var random = RandomOperands(seed: 7)
  let shapes = OperandShapes(
    inputs: [[9, 4], [9], [50]], parameters: ["weight": [60]], buffers: ["count": [60]],
    auxiliary: ["p": [60]], isTraining: true)
  let operands = random.operands(shapes, indexLimit: 4, of: signature)
  #expect(operands.shapes == shapes)
  #expect(operands.inputs[1].elements.allSatisfy { (0...3).contains($0) && $0 == $0.rounded() })
  #expect(Set(operands.inputs[2].elements) == [0, 1])
  #expect(try #require(operands.parameters["weight"]).elements.allSatisfy { $0 > 0 })
  #expect(Set(try #require(operands.buffers["count"]).elements) == [0, 1, 2, 3])
  #expect(try #require(operands.auxiliary["p"]).elements.allSatisfy { $0 > 0 && $0 < 1 })
}

@Test func `labels of the shape of the input are probabilities`() {
  var random = RandomOperands(seed: 7)
  let shapes = OperandShapes(inputs: [[9, 4], [9, 4]])
  let labels = random.operands(shapes, indexLimit: 4, of: signature).inputs[1]
  #expect(labels.elements.allSatisfy { $0 > 0 && $0 < 1 })
}

@Test func `numbers are exact in the chosen format`() {
  var random = RandomOperands(seed: 7, format: .float32)
  #expect(random.tensor([200]).elements.allSatisfy { Double(Float($0)) == $0 })
}

@Test func `integers are whole`() {
  var random = RandomOperands(seed: 7, style: .integers)
  #expect(Set(random.tensor([400]).elements) == Set((-4...4).map(Double.init)))
}

// The first numbers of the reference implementation for the seeds 0 and 1234567.
@Test func `the sequence is that of the published generator`() {
  var zero = SplitMix64(seed: 0)
  #expect(zero.next() == 0xE220_A839_7B1D_CDAF)
  var other = SplitMix64(seed: 1_234_567)
  #expect(other.next() == 6_457_827_717_110_365_317)
}
