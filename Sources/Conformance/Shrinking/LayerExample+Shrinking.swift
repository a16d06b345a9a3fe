import LayerKit
import Tensors

extension LayerExample {
  /// No more simpler examples than this are tried: each is one run of a check.
  private static let attempts = 300

  /// The simplest example that still fails, found by taking one step after the other.
  ///
  /// `fails` tells whether an example fails; it does not if it does not fit the layer.
  func shrunk(while fails: (LayerExample) -> Bool) -> LayerExample {
    var smallest = self
    var rest = Self.attempts
    search: while true {
      for simpler in smallest.simplifications where simpler.weight < smallest.weight {
        guard rest > 0 else { return smallest }
        rest -= 1
        if fails(simpler) {
          smallest = simpler
          continue search
        }
      }
      return smallest
    }
  }

  /// How much there is to look at: elements, axes, and hyper-parameters that are not plain.
  private var weight: Int {
    let tensors =
      shapes.inputs + shapes.parameters.values + shapes.buffers.values + shapes.auxiliary.values
    let extents = tensors.reduce(0) { $0 + $1.count + $1.extents.reduce(0, +) }
    return extents + indexLimit + hyperparameters.values.reduce(0) { $0 + 2 + $1.weight }
  }

  /// Examples that are one step simpler, the largest steps first.
  ///
  /// Extents that are equal stay equal, so that what belongs together still fits.
  private var simplifications: [LayerExample] {
    var list: [LayerExample] = []
    for size in Set(shapes.extents).sorted(by: >) where size > 1 {
      for smaller in Set([1, size / 2, size - 1]).sorted() {
        let changed = shapes.mapExtents { $0 == size ? smaller : $0 }
        // A hyper-parameter may state the same size.
        list.append(simpler(changed, hyperparameters.mapValues { $0.replacing(size, by: smaller) }))
        list.append(simpler(changed, hyperparameters))
      }
    }
    for (name, value) in hyperparameters.sorted(by: { $0.key < $1.key }) {
      var without = hyperparameters
      without[name] = nil
      list.append(simpler(shapes, without))
      for plain in value.plainer {
        var changed = hyperparameters
        changed[name] = plain
        list.append(simpler(shapes, changed))
      }
    }
    return list.filter { example in
      inputValues.allSatisfy { example.shapes.inputs[$0.key] == shapes.inputs[$0.key] }
    }
  }

  /// The example with other shapes and hyper-parameters; indices are 0, which always fits.
  private func simpler(
    _ shapes: OperandShapes, _ hyperparameters: [String: HyperparameterValue]
  ) -> LayerExample {
    LayerExample(
      Self.summary(shapes, hyperparameters), hyperparameters, inputs: shapes.inputs,
      parameters: shapes.parameters, buffers: shapes.buffers, auxiliary: shapes.auxiliary,
      isTraining: shapes.isTraining, indexLimit: 1, inputValues: inputValues)
  }

  /// Everything about an example, to be read and copied.
  private static func summary(
    _ shapes: OperandShapes, _ hyperparameters: [String: HyperparameterValue]
  ) -> String {
    let named = [shapes.parameters, shapes.buffers, shapes.auxiliary].flatMap { group in
      group.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
    }
    let settings = hyperparameters.sorted { $0.key < $1.key }.map { "\($0.key) = \($0.value)" }
    let inputs = shapes.inputs.count == 1 ? "input" : "inputs"
    let tensors = [inputs + " " + shapes.inputs.map(\.description).joined(separator: " ")] + named
    return (tensors + settings + (shapes.isTraining ? ["training"] : [])).joined(separator: ", ")
  }
}

extension OperandShapes {
  /// The extents of all axes of all operands, in a fixed order.
  fileprivate var extents: [Int] {
    var extents: [Int] = []
    _ = mapExtents {
      extents.append($0)
      return $0
    }
    return extents
  }

  /// The same operands with other extents, asked for in the order of `extents`.
  fileprivate func mapExtents(_ transform: (Int) -> Int) -> OperandShapes {
    func mapped(_ shape: Shape) -> Shape { Shape(shape.extents.map(transform)) }
    func mapped(_ group: [String: Shape]) -> [String: Shape] {
      var result = group
      for name in group.keys.sorted() { result[name] = group[name].map(mapped) }
      return result
    }
    return OperandShapes(
      inputs: inputs.map(mapped), parameters: mapped(parameters), buffers: mapped(buffers),
      auxiliary: mapped(auxiliary), isTraining: isTraining)
  }
}

extension HyperparameterValue {
  /// How far the value is from a plain one.
  fileprivate var weight: Int {
    switch self {
    case .boolean(let flag): flag ? 1 : 0
    case .integer(let number): min(1 << 20, Int(clamping: number.magnitude))
    case .real(let number): number == 0 ? 0 : number == 1 ? 1 : 2
    case .text: 2
    case .list(let elements): elements.reduce(1) { $0 + $1.weight }
    }
  }

  /// Plainer values of the same type.
  fileprivate var plainer: [HyperparameterValue] {
    switch self {
    case .boolean: [false]
    case .integer: [0, 1, 2]
    case .real: [0.0, 1.0]
    case .text: []
    case .list(let elements):
      elements.contains { $0.asInteger == nil }
        ? []
        : [0, 1, 2].map {
          .list([HyperparameterValue](repeating: .integer($0), count: elements.count))
        }
    }
  }

  /// The value with a whole number replaced.
  fileprivate func replacing(_ number: Int, by other: Int) -> HyperparameterValue {
    switch self {
    case .integer(number): .integer(other)
    case .list(let elements): .list(elements.map { $0.replacing(number, by: other) })
    case .boolean, .integer, .real, .text: self
    }
  }
}
