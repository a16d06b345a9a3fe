// The check of a backward pass: for every direction v of an operand and every upstream u,
//
//     ⟨J·v, u⟩ = ⟨v, Jᵀ·u⟩
//
// The left side comes from the definition, the right side from the backward pass. In dual numbers
// there is no step size, so the two sides differ by rounding alone; extrapolated differences say
// how far they may be off. A random direction shows an error in any single element with
// probability 1.

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
  /// What the backward pass was held against.
  public let source: DerivativeSource
  /// The direction in which the sides differ most.
  public internal(set) var direction = Direction.random(0)
  /// ⟨J·v, u⟩, from the definition.
  public internal(set) var left = 0.0
  /// ⟨v, Jᵀ·u⟩, from the backward pass.
  public internal(set) var right = 0.0
  /// Σ|Jv·u| + Σ|v·Jᵀu|, what rounding is proportional to.
  public internal(set) var scale = 0.0
  /// How far the left side may be off; 0 for dual numbers.
  public internal(set) var uncertainty = 0.0
  /// How many directions were tried.
  public internal(set) var directions = 0
  /// How many of them showed nothing, because differences have no limit there: at kinks.
  public internal(set) var undecided = 0
  /// Where the element lies along which `direction` moves.
  var shape = Shape.scalar

  /// |left − right| beyond the uncertainty, / scale; 0 where everything is zero, NaN where anything
  /// is NaN.
  public var relative: Double {
    let difference = (left - right).magnitude
    guard difference > uncertainty else { return difference.isNaN ? .nan : 0 }
    return (difference - uncertainty) / scale
  }

  /// Whether the sides agree, in at least half of the directions; never where one is NaN or
  /// infinite.
  public func holds(within tolerance: Double = 1e-13) -> Bool {
    relative <= tolerance && isDecided
  }

  /// Whether at least half of the directions could be decided.
  var isDecided: Bool { 2 * undecided <= directions }

  /// Below this count every element is moved alone, otherwise random directions are taken.
  private static let basisLimit = 64
  private static let randomDirections = 8
  /// Above this count of outputs elements are moved one after the other, which takes less memory.
  private static let basisOutputs = 1 << 14

  /// A difference that is less certain than this share of the scale and of Σ|y·u| decides nothing.
  ///
  /// Extrapolation reaches 1e-10 and better on smooth functions; what stays beyond 1e-6 with every
  /// step has no limit.
  private static let decisive = 1e-6

  /// Measures the identity for each input and each parameter that has a gradient.
  ///
  /// A gradient that the backward pass leaves out has NaN as its right side. Without a `source`,
  /// the best derivative that the layer offers is taken.
  public static func measure(
    _ layer: AnyLayer, _ operands: Operands<Double>, seed: UInt64, source: DerivativeSource? = nil
  ) throws(LayerFailure) -> [AdjointIdentity] {
    var random = RandomOperands(seed: seed)
    let outputs = try layer.double.forward(operands).outputs
    let upstream = outputs.map { random.tensor($0.shape) }
    let size = zip(outputs, upstream).reduce(0) { sum, pair in
      sum + pair.0.zip(pair.1) { ($0 * $1).magnitude }.elements.reduce(0, +)
    }
    let linearization = Linearization(layer, operands, source: source)
    let wanted = layer.signature.gradients(of: operands)
    let gradients = Computation(try layer.double.backward(operands, upstream, wanted))
    let columns = basisColumns(linearization, wanted.tensors, upstream.reduce(0) { $0 + $1.count })
    var measured: [AdjointIdentity] = []
    for gradient in wanted.tensors {
      measured.append(
        try worst(
          gradient, linearization, columns[gradient] ?? [], upstream.flatMap(\.elements),
          size: size, gradients[gradient], &random))
    }
    return measured
  }

  /// The derivatives by each element of the operands whose elements are moved alone, where one
  /// evaluation of the definition gives them.
  private static func basisColumns(
    _ linearization: Linearization, _ gradients: [ResultTensor], _ outputs: Int
  ) -> [ResultTensor: [[Double]]] {
    let operands = linearization.operands
    let small = gradients.filter { operands[operandOf: $0].count < basisLimit }
    guard linearization.source == .dualNumbers, !small.isEmpty, outputs <= basisOutputs,
      let definition = DefinitionJacobian(evaluating: linearization.layer, operands, small)
    else { return [:] }
    return Dictionary(uniqueKeysWithValues: small.map { ($0, definition.columns(of: $0)) })
  }

  private static func worst(
    _ gradient: ResultTensor, _ linearization: Linearization, _ columns: [[Double]],
    _ upstream: [Double], size: Double, _ computed: Tensor<Double>?, _ random: inout RandomOperands
  ) throws(LayerFailure) -> AdjointIdentity {
    let operand = linearization.operands[operandOf: gradient]
    var worst = AdjointIdentity(gradient: gradient, source: linearization.source)
    worst.shape = operand.shape
    guard let computed, computed.shape == operand.shape else {
      worst.right = .nan
      return worst
    }
    let directions: [Direction] =
      operand.count < basisLimit
      ? (0..<operand.count).map { .element($0) }
      : (0..<randomDirections).map { .random($0) }
    for direction in directions {
      let v = vector(direction, operand.shape, &random)
      var measured = worst
      measured.direction = direction
      let tangent: Tangent
      if case .element(let offset) = direction, offset < columns.count {
        tangent = Tangent(exact: columns[offset])
      } else {
        tangent = try linearization.tangent(of: gradient, along: v)
      }
      measured.compare(tangent, upstream, v, computed)
      worst.directions += 1
      if measured.uncertainty > decisive * (measured.scale + size), !measured.right.isNaN {
        worst.undecided += 1
        continue
      }
      // Written so that a NaN becomes the worst and stays it.
      if !(measured.relative <= worst.relative) {
        (measured.directions, measured.undecided) = (worst.directions, worst.undecided)
        worst = measured
      }
      if worst.relative.isNaN { break }
    }
    return worst
  }

  /// Both sides for one direction.
  private mutating func compare(
    _ tangent: Tangent, _ upstream: [Double], _ v: Tensor<Double>, _ computed: Tensor<Double>
  ) {
    (left, scale, uncertainty) = (0, 0, 0)
    for (k, u) in upstream.enumerated() {
      left += tangent.values[k] * u
      scale += (tangent.values[k] * u).magnitude
      if tangent.uncertainty[k] > 0 { uncertainty += tangent.uncertainty[k] * u.magnitude }
    }
    let products = v.zip(computed) { $0 * $1 }.elements
    right = products.reduce(0, +)
    scale += products.reduce(0) { $0 + $1.magnitude }
  }

  private static func vector(
    _ direction: Direction, _ shape: Shape, _ random: inout RandomOperands
  ) -> Tensor<Double> {
    guard case .element(let offset) = direction else { return random.tensor(shape) }
    var v = Tensor(shape, repeating: 0.0)
    v[offset] = 1
    return v
  }
}
