public import LayerKit
public import Tensors

/// Random data for a layer, drawn by what its signature says of each tensor.
///
/// Continuous data never lies on a kink or a tie (with probability 1). Integer data does, and
/// has the advantage that sums and products of it are exact. The other styles are awkward for
/// arithmetic; labels, masks, probabilities and positive numbers are the same in every style.
public struct RandomOperands: Sendable {
  /// Which numbers are drawn where any number is allowed.
  public enum Style: String, Hashable, Sendable, CaseIterable {
    /// Between −2 and 2, but no nearer to 0 than 1/64: there many derivatives vanish, and little is
    /// left of the digits of those that the definition subtracts from one another.
    case reals
    /// Whole numbers from −4 to 4; positive ones from 1 to 4.
    case integers
    /// The same number everywhere, one that no binary format holds exactly.
    case constant
    /// Up to 1e9: large enough to overflow an exponential, small enough not to overflow a product
    /// of four in single precision.
    case huge
    /// Subnormal numbers of single precision, and zeros.
    case denormal
    /// Large numbers that nearly cancel.
    case cancelling
    /// Every order of magnitude from 1e-20 to 1e8.
    case spread
    /// Zeros of both signs, usual kinks, and their neighbours in single precision.
    case special
  }

  /// Which numbers are drawn.
  public let style: Style
  /// The format that every number is rounded to, so that it is exact there.
  public let format: NumberFormat
  private var generator: SplitMix64

  /// Starts a sequence of random data; equal seeds give equal data.
  public init(seed: UInt64, style: Style = .reals, format: NumberFormat = .float64) {
    self.generator = SplitMix64(seed: seed)
    self.style = style
    self.format = format
  }

  /// Operands of the shapes of an example of the kind with the given signature.
  public mutating func operands(
    for example: LayerExample, of signature: Signature
  ) -> Operands<Double> {
    var operands = operands(example.shapes, indexLimit: example.indexLimit, of: signature)
    for (index, values) in example.inputValues {
      operands.inputs[index] = Tensor(operands.inputs[index].shape, values)
    }
    return operands
  }

  /// Operands of the given shapes; indices are less than `indexLimit`.
  public mutating func operands(
    _ shapes: OperandShapes, indexLimit: Int = 1, of signature: Signature
  ) -> Operands<Double> {
    var operands = Operands<Double>(isTraining: shapes.isTraining, format: format)
    for (index, shape) in shapes.inputs.enumerated() {
      let content = signature.content(ofInput: index, shapes: shapes.inputs)
      operands.inputs.append(tensor(shape, content, indexLimit: indexLimit))
    }
    for slot in signature.parameters {
      operands.parameters[slot.name] = shapes.parameters[slot.name].map {
        tensor($0, slot.content, indexLimit: indexLimit)
      }
    }
    for slot in signature.buffers {
      operands.buffers[slot.name] = shapes.buffers[slot.name].map {
        tensor($0, slot.content, indexLimit: indexLimit)
      }
    }
    for slot in signature.auxiliary {
      operands.auxiliary[slot.name] = shapes.auxiliary[slot.name].map {
        tensor($0, slot.content, indexLimit: indexLimit)
      }
    }
    return operands
  }

  /// A tensor of the given content.
  public mutating func tensor(
    _ shape: Shape, _ content: Signature.Content = .numbers, indexLimit: Int = 1
  ) -> Tensor<Double> {
    Tensor(
      shape, (0..<shape.count).map { _ in format.rounded(number(content, indexLimit: indexLimit)) })
  }

  private mutating func number(_ content: Signature.Content, indexLimit: Int) -> Double {
    switch (content, style) {
    case (.numbers, _): number()
    case (.positiveNumbers, .integers): Double(generator.integer(in: 1...4))
    case (.positiveNumbers, _): generator.real(between: 0.25, and: 2)
    case (.probabilities, _): generator.real(between: 0.015625, and: 0.984375)
    case (.indices, _), (.labels, _): Double(generator.integer(in: 0...max(0, indexLimit - 1)))
    case (.mask, _): Double(generator.integer(in: 0...1))
    case (.signs, _): Double(2 * generator.integer(in: 0...1) - 1)
    }
  }

  private mutating func number() -> Double {
    let x = generator.real(between: -1, and: 1)
    switch style {
    case .reals: return (x < 0 ? -1 : 1) * (0x1p-6 + (2 - 0x1p-6) * x.magnitude)
    case .integers: return Double(generator.integer(in: -4...4))
    case .constant: return 1.0 / 3
    case .huge: return x * 1e9
    case .denormal: return generator.integer(in: 0...7) == 0 ? 0 : x * 1e-38
    case .cancelling: return (x < 0 ? -1 : 1) * 1e6 + x
    case .spread: return x * Double.power(10, Double(generator.integer(in: -20...8)))
    case .special:
      let points = [
        0, -0.0, 0.5, -0.5, 1, -1, 3, -3, 6, 20, 90, -90, 0x1p-149, -0x1p-149, 6 + 0x1p-21,
        6 - 0x1p-21, 3 + 0x1p-22, -3 - 0x1p-22,
      ]
      return points[generator.integer(in: 0...points.count - 1)]
    }
  }
}
