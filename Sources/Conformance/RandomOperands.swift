public import LayerKit
public import Tensors

/// Random data for a layer, drawn by what its signature says of each tensor.
///
/// Continuous data never lies on a kink or a tie (with probability 1). Integer data does, and
/// has the advantage that sums and products of it are exact.
public struct RandomOperands: Sendable {
  /// Which numbers are drawn where any number is allowed.
  public enum Style: Hashable, Sendable {
    /// Between −2 and 2.
    case reals
    /// Whole numbers from −4 to 4; positive ones from 1 to 4.
    case integers
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
    case (.numbers, .reals): generator.real(between: -2, and: 2)
    case (.numbers, .integers): Double(generator.integer(in: -4...4))
    case (.positiveNumbers, .reals): generator.real(between: 0.25, and: 2)
    case (.positiveNumbers, .integers): Double(generator.integer(in: 1...4))
    case (.probabilities, _): generator.real(between: 0.015625, and: 0.984375)
    case (.indices, _), (.labels, _): Double(generator.integer(in: 0...max(0, indexLimit - 1)))
    case (.mask, _): Double(generator.integer(in: 0...1))
    case (.signs, _): Double(2 * generator.integer(in: 0...1) - 1)
    }
  }
}
