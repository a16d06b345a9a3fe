// The exact check of a backward pass: for every direction v of an operand and every upstream u,
//
//     ⟨J·v, u⟩ = ⟨v, Jᵀ·u⟩
//
// The left side comes from the definition in dual numbers, the right side from the backward pass.
// There is no step size, so the two sides differ by rounding alone. A random direction shows an
// error in any single element with probability 1.

public import LayerKit
import Tensors

/// The two sides of the adjoint identity for one operand of a layer, where they differ most.
public struct AdjointIdentity: Sendable {
  /// Along which direction an operand was moved.
  public enum Direction: Hashable, Sendable {
    /// One element alone, at this offset.
    case element(Int)
    /// All elements, at random; the number tells the directions apart.
    case random(Int)
  }

  /// The gradient that was checked.
  public let gradient: ResultTensor
  /// The direction in which the sides differ most.
  public let direction: Direction
  /// ⟨J·v, u⟩, from the definition.
  public let left: Double
  /// ⟨v, Jᵀ·u⟩, from the backward pass.
  public let right: Double
  /// Σ|Jv·u| + Σ|v·Jᵀu|, what rounding is proportional to.
  public let scale: Double

  /// |left − right| / scale; 0 where everything is zero, NaN where anything is NaN.
  public var relative: Double {
    let difference = (left - right).magnitude
    return difference == 0 && scale == 0 ? 0 : difference / scale
  }

  /// Whether the sides agree; never where one is NaN or infinite.
  public func holds(within tolerance: Double = 1e-13) -> Bool { relative <= tolerance }

  /// Below this count every element is moved alone, otherwise random directions are taken.
  private static let basisLimit = 64
  private static let randomDirections = 8

  /// Measures the identity for each input and each parameter that has a gradient.
  ///
  /// A gradient that the backward pass leaves out has NaN as its right side. Nothing is measured for
  /// a layer that brings no definition in dual numbers.
  public static func measure(
    _ layer: AnyLayer, _ operands: Operands<Double>, seed: UInt64
  ) throws(LayerFailure) -> [AdjointIdentity] {
    guard let define = layer.defineDual else { return [] }
    var random = RandomOperands(seed: seed)
    let upstream = try layer.double.forward(operands).outputs.map { random.tensor($0.shape) }
    let shapes = operands.inputs.map(\.shape)
    let inputs = operands.inputs.indices.filter {
      layer.signature.hasGradient(ofInput: $0, shapes: shapes)
    }
    let parameters = operands.parameters.keys.sorted()
    let gradients = try layer.double.backward(
      operands, upstream,
      GradientRequest(inputs: Set(inputs), parameters: Set(parameters)))
    let moved = operands.mapTensors { $0.map { Dual($0) } }
    let side = Side(define: define, upstream: upstream)
    return inputs.map { index in
      worst(
        .inputGradient(index), operands.inputs[index],
        gradients.inputs.indices.contains(index) ? gradients.inputs[index] : nil, &random
      ) { direction in
        var moved = moved
        moved.inputs[index] = direction
        return side.left(moved)
      }
    }
      + parameters.map { name in
        worst(
          .parameterGradient(name), operands.parameters[name] ?? Tensor(scalar: .nan),
          gradients.parameters[name], &random
        ) { direction in
          var moved = moved
          moved.parameters[name] = direction
          return side.left(moved)
        }
      }
  }

  /// The left side for operands that carry a direction: ⟨J·v, u⟩ and Σ|Jv·u|.
  private struct Side {
    let define: @Sendable (Operands<Dual>) -> Results<Dual>
    let upstream: [Tensor<Double>]

    func left(_ operands: Operands<Dual>) -> (sum: Double, magnitude: Double) {
      var sum = 0.0
      var magnitude = 0.0
      for (output, upstream) in zip(define(operands).outputs, upstream) {
        for (y, u) in zip(output.elements, upstream.elements) {
          sum += y.derivative * u
          magnitude += (y.derivative * u).magnitude
        }
      }
      return (sum, magnitude)
    }
  }

  private static func worst(
    _ gradient: ResultTensor, _ operand: Tensor<Double>, _ computed: Tensor<Double>?,
    _ random: inout RandomOperands,
    left: (Tensor<Dual>) -> (sum: Double, magnitude: Double)
  ) -> AdjointIdentity {
    let directions: [Direction] =
      operand.count < basisLimit
      ? (0..<operand.count).map { .element($0) }
      : (0..<randomDirections).map { .random($0) }
    var worst = AdjointIdentity(
      gradient: gradient, direction: .random(0), left: 0, right: computed == nil ? .nan : 0,
      scale: 0)
    guard let computed, computed.shape == operand.shape else { return worst.failed }
    for direction in directions {
      let v = vector(direction, operand.shape, &random)
      let (sum, magnitude) = left(operand.zip(v) { Dual($0, derivative: $1) })
      let products = v.zip(computed) { $0 * $1 }.elements
      let measured = AdjointIdentity(
        gradient: gradient, direction: direction, left: sum, right: products.reduce(0, +),
        scale: magnitude + products.reduce(0) { $0 + $1.magnitude })
      // Written so that a NaN becomes the worst and stays it.
      if !(measured.relative <= worst.relative) { worst = measured }
      if worst.relative.isNaN { break }
    }
    return worst
  }

  private static func vector(
    _ direction: Direction, _ shape: Shape, _ random: inout RandomOperands
  ) -> Tensor<Double> {
    guard case .element(let offset) = direction else { return random.tensor(shape) }
    var v = Tensor(shape, repeating: 0.0)
    v[offset] = 1
    return v
  }

  /// The same, with a right side that no tolerance accepts.
  private var failed: AdjointIdentity {
    AdjointIdentity(
      gradient: gradient, direction: direction, left: left, right: .nan, scale: scale)
  }
}

extension AdjointIdentity: CustomStringConvertible {
  public var description: String {
    "\(gradient), direction \(direction): ⟨J·v, u⟩ = \(left), ⟨v, Jᵀ·u⟩ = \(right),"
      + " relative difference \(relative)"
  }
}
