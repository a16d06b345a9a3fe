import LayerKit
import Tensors
import Testing

private func slope(_ hyperparameters: [String: HyperparameterValue] = [:]) throws -> AnyLayer {
  try LayerDefinition(Slope.self).layer(hyperparameters)
}

/// Shapes that the layer accepts.
private let accepted = OperandShapes(
  inputs: [[3]], parameters: ["slope": [1]], buffers: ["calls": []])

@Test func `operands that the signature names are accepted`() throws {
  #expect(try slope().outputShapes(accepted) == [[3]])
  var all = accepted
  all.inputs.append([3])
  all.parameters["shift"] = [1]
  all.auxiliary["mask"] = [3]
  #expect(try slope().outputShapes(all) == [[3]])
}

@Test(arguments: [0, 3])
func `too few and too many inputs are told with both numbers`(_ count: Int) throws {
  var shapes = accepted
  shapes.inputs = [Shape](repeating: [3], count: count)
  #expect(throws: LayerProblem.inputCount(allowed: 1...2, found: count)) {
    try slope().outputShapes(shapes)
  }
}

@Test func `a required tensor that is missing is named with its folder`() throws {
  var shapes = accepted
  shapes.parameters = [:]
  #expect(throws: LayerProblem.missingTensor("parameters/slope")) {
    try slope().outputShapes(shapes)
  }
  shapes = accepted
  shapes.buffers = [:]
  #expect(throws: LayerProblem.missingTensor("buffers/calls")) {
    try slope().outputShapes(shapes)
  }
}

@Test func `an unknown tensor is named with the closest one`() throws {
  var shapes = accepted
  shapes.parameters["slopes"] = [1]
  #expect(throws: LayerProblem.unknownTensor("parameters/slopes", closest: "parameters/slope")) {
    try slope().outputShapes(shapes)
  }
  shapes = accepted
  shapes.auxiliary["weight"] = [1]
  #expect(throws: LayerProblem.unknownTensor("auxiliary/weight", closest: nil)) {
    try slope().outputShapes(shapes)
  }
  shapes = accepted
  shapes.buffers["cals"] = [1]
  #expect(throws: LayerProblem.unknownTensor("buffers/cals", closest: "buffers/calls")) {
    try slope().outputShapes(shapes)
  }
}

@Test func `every precision runs the same layer`() throws {
  let layer = try slope(["factor": 0.5])
  let operands = Operands(
    inputs: [Tensor([2], [2.0, 6])], parameters: ["slope": Tensor([1], [3.0])])
  #expect(try layer.double.define(operands).outputs[0].elements == [3, 9])
  #expect(try layer.double.forward(operands).outputs[0].elements == [3, 9])
  #expect(try layer.double.forward(operands).buffers["calls"]?.elements == [1])
  let single = operands.mapTensors { $0.map { Float($0) } }
  #expect(try layer.single.forward(single).outputs[0].elements == [3, 9])
  let dual = operands.mapTensors { $0.map { Dual($0, derivative: 0) } }
  var moved = dual
  moved.inputs[0] = Tensor([2], [Dual(2, derivative: 1), Dual(6)])
  let defineDual = try #require(layer.defineDual)
  #expect(defineDual(moved).outputs[0].elements.map(\.derivative) == [1.5, 0])
  #expect(try Float.program(of: layer).forward(single).outputs[0].elements == [3, 9])
  #expect(try Double.program(of: layer).forward(operands).outputs[0].elements == [3, 9])
  #expect(layer.kinks == [.point(input: 0, slope: 0.5)])
  #expect(layer.signature.kind == "Slope")
}

@Test func `only the wanted gradients are computed`() throws {
  let layer = try slope()
  let operands = Operands(
    inputs: [Tensor([2], [2.0, 6])], parameters: ["slope": Tensor([1], [3.0])])
  let dy = Tensor([2], [1.0, 10])
  let all = try layer.double.backward(
    operands, [dy], GradientRequest(inputs: [0], parameters: ["slope"]))
  // dx = 3·dy; dslope = 2·1 + 6·10.
  #expect(all.inputs[0]?.elements == [3, 30])
  #expect(all.parameters["slope"]?.elements == [62])
  let none = try layer.double.backward(operands, [dy], GradientRequest(inputs: [], parameters: []))
  #expect(none.inputs == [nil])
  #expect(none.parameters.isEmpty)
}

@Test func `values are checked at both precisions`() throws {
  let layer = try slope()
  let operands = Operands(
    inputs: [Tensor([2], [1.0, 2])], auxiliary: ["mask": Tensor([2], [1.0, 0.5])])
  let problem = LayerProblem.wrongValue(
    tensor: "auxiliary/mask", index: [1], value: 0.5, allowed: "0 or 1")
  #expect(throws: problem) { try layer.double.checkValues(operands) }
  let single = operands.mapTensors { $0.map { Float($0) } }
  #expect(throws: problem) { try layer.single.checkValues(single) }
}

@Test func `the default magnitude is the layer on absolute values`() throws {
  let layer = try slope(["factor": 2])
  let operands = Operands(
    inputs: [Tensor([2], [-2.0, 6])], parameters: ["slope": Tensor([1], [-3.0])])
  let dy = Tensor([2], [1.0, -10])
  func magnitude(_ tensor: ResultTensor) throws -> [Double] {
    let question = BoundQuestion(
      tensor, operands: operands, upstream: [dy], computed: dy, rounding: Rounding(.float32))
    guard case .accumulated(2, let magnitude, true) = try layer.bound(question) else { return [] }
    return magnitude.elements(0..<magnitude.shape.count)
  }
  #expect(try magnitude(.output(0)) == [12, 36])
  #expect(try magnitude(.inputGradient(0)) == [6, 60])
  #expect(try magnitude(.parameterGradient("slope")) == [124])
  #expect(try magnitude(.buffer("calls")) == [1])
}

@Test func `a constant is rounded to the format of the reference`() throws {
  let layer = try slope(["factor": 0.1])
  var operands = Operands(inputs: [Tensor([1], [1.0])])
  for format in NumberFormat.allCases {
    operands.format = format
    #expect(try layer.double.forward(operands).outputs[0][0] == format.rounded(0.1))
  }
}
