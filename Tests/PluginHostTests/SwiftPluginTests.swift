import Conformance
import FixtureDrafts
import LayerKit
import PluginHost
import StandardLayers
import Tensors
import Testing

/// A plug-in written in Swift: all standard kinds, through the border and back.
@Suite struct SwiftPluginTests {
  private static let path =
    BuiltCommand.path.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 }
    + "/libswift-plugin-for-tests.so"

  /// Every kind gives the same bits in the process of a plug-in as here.
  @Test func `all kinds cross the border`() throws {
    let library = try PluginLibrary(path: Self.path, options: .forTests(seconds: 60))
    #expect(library.layers.count == StandardLayers.layers.count)
    for (own, foreign) in zip(StandardLayers.layers, library.layers) {
      #expect(foreign.signature.kind == "swift.\(own.signature.kind)")
      #expect(foreign.formula.isEmpty == own.formula.isEmpty)
      for (example, text) in zip(own.examples, foreign.examples) {
        let place: Comment = "\(own.signature.kind), \(example.name)"
        #expect(text.hyperparameters == example.hyperparameters, place)
        #expect(text.shapes == example.shapes, place)
        #expect(text.inputValues == example.inputValues, place)
        guard example.problem == nil else {
          #expect(throws: (any Error).self, place) {
            _ = try foreign.layer(text.hyperparameters).outputShapes(text.shapes)
          }
          continue
        }
        try compare(
          try own.layer(example.hyperparameters), try foreign.layer(text.hyperparameters), example,
          place)
      }
    }
    #expect(library.takeWarnings().isEmpty)
  }

  private func compare(
    _ own: AnyLayer, _ foreign: AnyLayer, _ example: LayerExample, _ place: Comment
  ) throws {
    var random = RandomOperands(seed: 7, format: .float32)
    let operands = random.operands(for: example, of: own.signature)
    let shapes = try own.outputShapes(operands.shapes)
    #expect(try foreign.outputShapes(operands.shapes) == shapes, place)
    #expect(foreign.kinks == own.kinks, place)
    #expect(foreign.settings.map(\.name).sorted() == own.settings.map(\.name).sorted(), place)
    try foreign.double.checkValues(operands)
    let upstream = shapes.map { random.tensor($0) }
    let wanted = GradientRequest(
      inputs: Set(
        operands.inputs.indices.filter {
          own.signature.hasGradient(ofInput: $0, shapes: operands.inputs.map(\.shape))
        }), parameters: Set(operands.parameters.keys))
    let single = operands.mapTensors { $0.map { Float($0) } }
    let singleUpstream = upstream.map { $0.map { Float($0) } }
    let results = try own.double.forward(operands)
    #expect(same(results, try foreign.double.forward(operands), operands), place)
    #expect(
      same(try own.double.define(operands), try foreign.double.define(operands), operands), place)
    #expect(same(try own.single.forward(single), try foreign.single.forward(single), single), place)
    let gradients = try own.double.backward(operands, upstream, wanted)
    #expect(same(gradients, try foreign.double.backward(operands, upstream, wanted)), place)
    #expect(
      same(
        try own.single.backward(single, singleUpstream, wanted),
        try foreign.single.backward(single, singleUpstream, wanted)), place)
    for (index, output) in results.outputs.enumerated() {
      let question = BoundQuestion(
        .output(index), operands: operands, upstream: [], computed: output,
        rounding: Rounding(.float32))
      #expect(same(try own.bound(question), try foreign.bound(question)), place)
    }
    for (index, gradient) in gradients.inputs.enumerated() {
      guard let gradient else { continue }
      let question = BoundQuestion(
        .inputGradient(index), operands: operands, upstream: upstream, computed: gradient,
        rounding: Rounding(.float32))
      #expect(same(try own.bound(question), try foreign.bound(question)), place)
    }
  }

  // MARK: Equal bits

  private func same<S: FloatingScalar>(_ a: Tensor<S>, _ b: Tensor<S>) -> Bool {
    a.shape == b.shape
      && zip(a.elements, b.elements).allSatisfy { x, y in
        (x.isNaN && y.isNaN) || (x == y && x.sign == y.sign)
      }
  }

  private func same<S: FloatingScalar>(
    _ a: Results<S>, _ b: Results<S>, _ operands: Operands<S>
  ) -> Bool {
    a.outputs.count == b.outputs.count && zip(a.outputs, b.outputs).allSatisfy { same($0, $1) }
      && operands.buffers.allSatisfy { name, before in
        same(a.buffers[name] ?? before, b.buffers[name] ?? before)
      }
  }

  private func same<S: FloatingScalar>(_ a: Gradients<S>, _ b: Gradients<S>) -> Bool {
    a.inputs.count == b.inputs.count
      && zip(a.inputs, b.inputs).allSatisfy { x, y in
        guard let x, let y else { return x == nil && y == nil }
        return same(x, y)
      }
      && Set(a.parameters.keys) == Set(b.parameters.keys)
      && a.parameters.allSatisfy { name, x in b.parameters[name].map { same(x, $0) } ?? false }
  }

  private func same(_ a: ErrorBound, _ b: ErrorBound) -> Bool {
    switch (a, b) {
    case (.exact, .exact): true
    case (.accumulated(let n, let x, let p), .accumulated(let m, let y, let q)):
      n == m && p == q && x.shape == y.shape
        && x.elements(0..<x.shape.count) == y.elements(0..<y.shape.count)
    case (.elementwise(let x), .elementwise(let y)): same(x, y)
    default: false
    }
  }
}
