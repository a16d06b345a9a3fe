import LayerKit
import Tensors
import Testing

@Test func `a signature counts its inputs`() {
  let one = Signature(kind: "One")
  #expect(one.minimumInputs == 1)
  #expect(one.maximumInputs == 1)
  #expect(one.inputs.map(\.name) == ["input"])
  let optional = Signature(
    kind: "Optional", inputs: [.init("x"), .init("y"), .init("z", optional: true)])
  #expect(optional.minimumInputs == 2)
  #expect(optional.maximumInputs == 3)
  let many = Signature(
    kind: "Many", inputs: [.init("x"), .init("other", .indices)], repeatsLastInput: true)
  #expect(many.minimumInputs == 2)
  #expect(many.maximumInputs == .max)
  #expect(many.input(0).name == "x")
  #expect(many.input(7).name == "other")
}

@Test func `labels are indices, or probabilities in the shape of the first input`() {
  let loss = Signature(kind: "Loss", inputs: [.init("input"), .init("target", .labels)])
  #expect(loss.content(ofInput: 1, shapes: [[4, 3], [4]]) == .indices)
  #expect(loss.content(ofInput: 1, shapes: [[4, 3], [4, 3]]) == .probabilities)
  #expect(!loss.hasGradient(ofInput: 1, shapes: [[4, 3], [4]]))
  #expect(loss.hasGradient(ofInput: 1, shapes: [[4, 3], [4, 3]]))
  #expect(loss.hasGradient(ofInput: 0, shapes: [[4, 3], [4]]))
}

@Test func `no gradient reaches masks and indices`() {
  let layer = Signature(
    kind: "Layer", inputs: [.init("a", .mask), .init("b", .indices), .init("c", .positiveNumbers)])
  #expect(
    (0..<3).map { layer.hasGradient(ofInput: $0, shapes: [[1], [1], [1]]) }
      == [false, false, true])
}
