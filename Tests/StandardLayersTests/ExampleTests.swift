import Conformance
import Kernels
import LayerKit
import StandardLayers
import Tensors
import Testing

// What holds for every example of every standard kind.

@Test(arguments: Example.refused)
func `a wrong example is refused with its problem`(_ example: Example) throws {
  var problems: [LayerProblem] = []
  do {
    let layer = try example.layer()
    _ = try layer.outputShapes(example.example.shapes)
  } catch let error as InvalidHyperparameters {
    problems = error.problems
  } catch let problem as LayerProblem {
    problems = [problem]
  }
  #expect(problems == example.example.problem.map { [$0] })
}

@Test(arguments: Example.valid)
func `the definition has the shape that the rule says`(_ example: Example) throws {
  let layer = try example.layer()
  var random = RandomOperands(seed: 2)
  let operands = random.operands(for: example.example, of: example.definition.signature)
  let shapes = try layer.outputShapes(operands.shapes)
  #expect(layer.double.define(operands).outputs.map(\.shape) == shapes)
  #expect(layer.double.forward(operands).outputs.map(\.shape) == shapes)
}

@Test(arguments: Example.valid)
func `the backward is the adjoint of the definition`(_ example: Example) throws {
  let layer = try example.layer()
  var random = RandomOperands(seed: 3)
  let operands = random.operands(for: example.example, of: example.definition.signature)
  try layer.double.checkValues(operands)
  for identity in AdjointIdentity.measure(layer, operands, seed: 4) {
    #expect(identity.holds(), "\(identity)")
  }
}

@Test(arguments: Example.valid)
func `the forward is the definition, within the bound`(_ example: Example) throws {
  let layer = try example.layer()
  var random = RandomOperands(seed: 5)
  let operands = random.operands(for: example.example, of: example.definition.signature)
  let rounding = Rounding(.float64).combined(with: Rounding(.float64))
  let defined = layer.double.define(operands)
  let computed = layer.double.forward(operands)
  for (index, output) in defined.outputs.enumerated() {
    let question = BoundQuestion(
      .output(index), operands: operands, upstream: [], computed: output, rounding: rounding)
    let ratio = BoundChecks.worstRatio(
      computed.outputs[index], output, layer.bound(question), rounding)
    #expect(ratio <= 1)
  }
  #expect(computed.buffers.keys.sorted() == defined.buffers.keys.sorted())
  for (name, buffer) in defined.buffers {
    let question = BoundQuestion(
      .buffer(name), operands: operands, upstream: [], computed: buffer, rounding: rounding)
    let found = try #require(computed.buffers[name])
    #expect(BoundChecks.worstRatio(found, buffer, layer.bound(question), rounding) <= 1)
  }
}

@Test(arguments: Example.valid)
func `single precision stays within the bound of double precision`(_ example: Example) throws {
  let layer = try example.layer()
  for seed in 0..<10 as Range<UInt64> {
    var random = RandomOperands(seed: 6 + seed, format: .float32)
    let operands = random.operands(for: example.example, of: example.definition.signature)
    let upstream = layer.double.forward(operands).outputs.map { random.tensor($0.shape) }
    for comparison in PrecisionComparison.measure(layer, operands, upstream: upstream) {
      #expect(comparison.ratio <= 1, "\(comparison.tensor), seed \(6 + seed)")
    }
  }
}

@Test(arguments: Example.valid)
func `gradients that nobody wants are not needed by those that somebody wants`(
  _ example: Example
) throws {
  let layer = try example.layer()
  var random = RandomOperands(seed: 7)
  let operands = random.operands(for: example.example, of: example.definition.signature)
  let upstream = layer.double.forward(operands).outputs.map { random.tensor($0.shape) }
  let inputs = Set(operands.inputs.indices)
  let parameters = Set(operands.parameters.keys)
  let all = layer.double.backward(
    operands, upstream, GradientRequest(inputs: inputs, parameters: parameters))
  for input in inputs {
    let alone = layer.double.backward(
      operands, upstream, GradientRequest(inputs: [input], parameters: []))
    #expect(alone.inputs[input] == all.inputs[input])
  }
  for parameter in parameters {
    let alone = layer.double.backward(
      operands, upstream, GradientRequest(inputs: [], parameters: [parameter]))
    #expect(alone.parameters[parameter] == all.parameters[parameter])
  }
}
