// The shape rule, and what happens to operands that do not fit it.

import LayerKit
import Tensors

extension ConformanceCheck {
  static let shapes: [ConformanceCheck] = [
    ConformanceCheck(
      "shape-rule",
      "outputs have the shapes of the rule, gradients those of their operands, buffers their own",
      .accepted(followsRule)),
    ConformanceCheck(
      "shape-refusal", "an operand of another rank or extent is refused, or fits the rule again",
      .accepted(refusesOtherShapes)),
  ]

  private static func followsRule(_ subject: Subject) throws -> Outcome {
    let operands = subject.operands(seed: 21)
    let shapes = try subject.layer.outputShapes(operands.shapes)
    let upstream = try subject.upstream(operands, seed: 21)
    let single = operands.mapTensors { $0.map { Float($0) } }
    let results = [
      ("the definition", Computation(try subject.layer.double.define(operands))),
      ("forward", Computation(try subject.layer.double.forward(operands))),
      ("forward in single precision", Computation(try subject.layer.single.forward(single))),
    ]
    for (who, computed) in results {
      let outputs = computed.tensors.filter { if case .output = $0.name { true } else { false } }
      guard outputs.map(\.value.shape) == shapes else {
        return .broken("\(who) gives \(outputs.map(\.value.shape)), the rule says \(shapes)")
      }
    }
    let computed = try Computation(subject, at: Double.self, operands, upstream: upstream)
    for (name, value) in computed.tensors {
      let expected: Shape? =
        switch name {
        case .output(let index): shapes[index]
        case .inputGradient(let index): operands.inputs[index].shape
        case .parameterGradient(let parameter): operands.parameters[parameter]?.shape
        case .buffer(let buffer): operands.buffers[buffer]?.shape
        }
      guard value.shape == expected else {
        return .broken(
          "\(name) has the shape \(value.shape) instead of \(expected?.description ?? "none")")
      }
    }
    return .holds
  }

  /// Every operand in turn gets one axis more, one less, or one cell more along an axis.
  private static func refusesOtherShapes(_ subject: Subject) throws -> Outcome {
    for (name, shapes) in subject.example.shapes.variations {
      guard let outputs = try? subject.layer.outputShapes(shapes) else { continue }
      // A shape that the rule accepts must really work.
      guard outputs.allSatisfy({ $0.count < 1 << 20 }) else { continue }
      var random = RandomOperands(seed: 22)
      let operands = random.operands(
        shapes, indexLimit: subject.example.indexLimit, of: subject.signature)
      guard (try? subject.layer.double.checkValues(operands)) != nil else { continue }
      let found = try subject.layer.double.forward(operands).outputs.map(\.shape)
      guard found == outputs else {
        return .broken(
          "with \(name) forward gives \(found), and the rule says \(outputs)")
      }
    }
    return .holds
  }
}

extension OperandShapes {
  /// The same shapes with one operand changed, and that change in words.
  fileprivate var variations: [(name: String, shapes: OperandShapes)] {
    var variations: [(String, OperandShapes)] = []
    func vary(_ name: String, _ path: WritableKeyPath<OperandShapes, Shape?>) {
      guard let shape = self[keyPath: path] else { return }
      for other in shape.neighbours {
        var changed = self
        changed[keyPath: path] = other
        variations.append(("the shape \(other) of \(name)", changed))
      }
    }
    for index in inputs.indices { vary("input \(index)", \.[input: index]) }
    for name in parameters.keys.sorted() { vary("`\(name)`", \.parameters[name]) }
    for name in buffers.keys.sorted() { vary("`\(name)`", \.buffers[name]) }
    for name in auxiliary.keys.sorted() { vary("`\(name)`", \.auxiliary[name]) }
    return variations
  }

  private subscript(input index: Int) -> Shape? {
    get { inputs[index] }
    set { inputs[index] = newValue ?? .scalar }
  }
}

extension Shape {
  /// Shapes with one axis more or less, or another extent.
  fileprivate var neighbours: [Shape] {
    var neighbours = [Shape([2] + extents), Shape(extents + [1])]
    if rank > 0 { neighbours += [Shape(Array(extents.dropFirst())), Shape(extents.dropLast())] }
    for axis in 0..<rank {
      for extent in [extents[axis] + 1, 1, 0] where extent != extents[axis] {
        var other = extents
        other[axis] = extent
        neighbours.append(Shape(other))
      }
    }
    return neighbours
  }
}
