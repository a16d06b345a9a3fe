// ShapeRule.swift

import LayerKit
import Tensors

/// A kind's own shape rule, which takes a scalar for an array of one and the other way round.
struct ShapeRule {
  let layer: AnyLayer

  /// An output of more elements is a mistake: 128 GiB in float64.
  static let largestOutput = 1 << 34

  /// How many operands are tried in the other form.
  private static let mostTried = 8

  /// The shapes of the outputs, and those of the operands in the form that the rule accepted.
  ///
  /// Throws what the rule throws for the operands as they are.
  func outputShapes(
    _ operands: OperandShapes
  ) throws -> (outputs: [Shape], operands: OperandShapes) {
    do {
      return (try layer.outputShapes(operands), operands)
    } catch let failure as LayerFailure {
      throw failure
    } catch {
      for other in otherForms(of: operands) {
        if let outputs = try? layer.outputShapes(other) { return (outputs, other) }
      }
      throw error
    }
  }

  /// The same operands with one scalar, then with every scalar, in the other form.
  private func otherForms(of operands: OperandShapes) -> [OperandShapes] {
    var forms: [OperandShapes] = []
    var all = operands
    for place in Place.all(of: operands) {
      guard let other = operands[place]?.otherScalarForm, forms.count < Self.mostTried else {
        continue
      }
      var single = operands
      single[place] = other
      all[place] = other
      forms.append(single)
    }
    return forms.count > 1 ? forms + [all] : forms
  }
}

/// The place of one operand.
private enum Place {
  case input(Int)
  case parameter(String)
  case buffer(String)
  case auxiliary(String)

  static func all(of operands: OperandShapes) -> [Place] {
    operands.inputs.indices.map { .input($0) }
      + operands.parameters.keys.sorted().map { .parameter($0) }
      + operands.buffers.keys.sorted().map { .buffer($0) }
      + operands.auxiliary.keys.sorted().map { .auxiliary($0) }
  }
}

extension OperandShapes {
  fileprivate subscript(_ place: Place) -> Shape? {
    get {
      switch place {
      case .input(let index): inputs[index]
      case .parameter(let name): parameters[name]
      case .buffer(let name): buffers[name]
      case .auxiliary(let name): auxiliary[name]
      }
    }
    set {
      switch place {
      case .input(let index): if let newValue { inputs[index] = newValue }
      case .parameter(let name): parameters[name] = newValue
      case .buffer(let name): buffers[name] = newValue
      case .auxiliary(let name): auxiliary[name] = newValue
      }
    }
  }
}

extension Shape {
  /// A scalar as an array of one, or the other way round; nil for all other shapes.
  fileprivate var otherScalarForm: Shape? {
    switch extents {
    case []: [1]
    case [1]: .scalar
    default: nil
    }
  }
}
