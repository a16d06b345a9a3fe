// Values that are not plain numbers, and numbers that are not finite.

import LayerKit
import Tensors

extension ConformanceCheck {
  static let values: [ConformanceCheck] = [
    ConformanceCheck(
      "index-values", "an index that is no whole number, or far too large, is refused",
      .accepted(refusesIndices)),
    ConformanceCheck(
      "mask-values", "a mask that holds anything but 0 and 1 is refused", .accepted(refusesMasks)),
    ConformanceCheck(
      "nan", "an elementwise kind hands NaN on, and only where it came in",
      .accepted(handsNaNOn)),
  ]

  private static func refusesIndices(_ subject: Subject) throws -> Outcome {
    let operands = subject.operands(seed: 31)
    let shapes = operands.inputs.map(\.shape)
    var applies = false
    for (index, input) in operands.inputs.enumerated() {
      let content = subject.signature.content(ofInput: index, shapes: shapes)
      guard content == .indices, input.count > 0 else { continue }
      applies = true
      for wrong in [0.5, .nan, 1e9, -1e9, .infinity] {
        var changed = operands
        changed.inputs[index][input.count - 1] = wrong
        if (try? subject.layer.double.checkValues(changed)) != nil {
          return .broken("input \(index) may hold \(wrong): refuse it in checkValues")
        }
      }
    }
    return applies ? .holds : .notApplicable
  }

  private static func refusesMasks(_ subject: Subject) throws -> Outcome {
    let operands = subject.operands(seed: 32)
    var applies = false
    for slot in subject.signature.auxiliary where slot.content == .mask {
      guard let mask = operands.auxiliary[slot.name], mask.count > 0 else { continue }
      applies = true
      for wrong in [0.5, .nan, -1, 2] {
        var (changed, values) = (operands, mask)
        values[mask.count - 1] = wrong
        changed.auxiliary[slot.name] = values
        if (try? subject.layer.double.checkValues(changed)) != nil {
          return .broken("`\(slot.name)` may hold \(wrong): refuse it in checkValues")
        }
      }
    }
    return applies ? .holds : .notApplicable
  }

  private static func handsNaNOn(_ subject: Subject) throws -> Outcome {
    guard subject.signature.traits.contains(.elementwise) else { return .notApplicable }
    var operands = subject.operands(seed: 33)
    guard operands.inputs[0].count > 0 else { return .notApplicable }
    // A constant, like the power of 0, has no use for its input.
    let others = subject.operands(seed: 34)
    let isConstant =
      try subject.layer.double.define(operands).outputs[0]
      == subject.layer.double.define(others).outputs[0]
    guard !isConstant else { return .notApplicable }
    let place = operands.inputs[0].count / 2
    operands.inputs[0][place] = .nan
    for (who, results) in [
      ("the definition", try subject.layer.double.define(operands)),
      ("forward", try subject.layer.double.forward(operands)),
    ] {
      let output = results.outputs[0]
      for offset in 0..<output.count where output[offset].isNaN != (offset == place) {
        return .broken(
          "\(who) gives \(output[offset]) at \(output.shape.index(at: offset)) where the input is "
            + (offset == place ? "NaN" : "finite"))
      }
    }
    return .holds
  }
}
