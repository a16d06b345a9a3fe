// Every entry of a layer's Jacobian J, twice. The backward pass gives it row by row: Jᵀ·e, where the
// upstream gradient e is one at a single element of the outputs. The definition gives it in dual
// numbers, where each element of an operand moves in a direction of its own.

public import LayerKit
internal import Synchronization
internal import Tensors

/// All entries of a layer's Jacobian by its backward pass, held against those by its definition.
public struct JacobianComparison: Sendable {
  /// The derivative of one element of the outputs with respect to one element of an operand.
  public struct Entry: Sendable {
    /// The gradient that the entry belongs to.
    public let gradient: ResultTensor
    /// The offset of the element of the operand.
    public let element: Int
    /// The offset of the element of the outputs, which follow one another.
    public let output: Int
    /// The entry by the backward pass.
    public let backward: Double
    /// The entry by the definition in dual numbers.
    public let definition: Double

    /// |backward − definition|; NaN if either is NaN.
    public var difference: Double { (backward - definition).magnitude }
  }

  /// How many entries were compared.
  public private(set) var count = 0
  /// The largest magnitude of an entry by the definition.
  public private(set) var largest = 0.0
  /// Where the two differ most, NaN most of all; nil if nothing was compared.
  public private(set) var worst: Entry?

  /// Whether there are entries, and all agree to `tolerance` times the largest of them.
  public func holds(within tolerance: Double = 1e-12) -> Bool {
    guard let worst else { return false }
    return worst.difference <= tolerance * largest
  }

  /// Computes and compares the entries of each input and parameter that has a gradient.
  ///
  /// Nil for a layer without a definition in dual numbers. The entries of a gradient that the
  /// backward pass leaves out, or gives another shape, are NaN. This is for small layers: the backward
  /// pass is run for each element of the outputs.
  public static func measure(
    _ layer: AnyLayer, _ operands: Operands<Double>
  ) throws(LayerFailure) -> JacobianComparison? {
    guard layer.defineDual != nil || layer.defineSparseDual != nil else { return nil }
    let rows = BackwardRows(
      layer, operands, outputs: try layer.double.forward(operands).outputs.map(\.shape))
    let blocks = (rows.count + rowsPerTask - 1) / rowsPerTask
    // The definition is one long task; meanwhile other threads begin with the backward passes.
    let known = Mutex<DefinitionJacobian?>(nil)
    let parts = Parallel.map(1 + blocks) { task in
      Result { () throws(LayerFailure) -> Part in
        guard task > 0 else {
          let definition = try DefinitionJacobian(layer, operands)
          known.withLock { $0 = definition }
          return .definition(definition)
        }
        let range = (task - 1) * rowsPerTask..<min(task * rowsPerTask, rows.count)
        guard let definition = known.withLock({ $0 }) else {
          return .rows(try rows.gradients(range))
        }
        return .compared(try rows.compare(range, definition))
      }
    }
    guard case .definition(let definition?) = try parts[0].get() else { return nil }
    let compared = Parallel.map(blocks) { block in
      Result { () throws(LayerFailure) -> JacobianComparison in
        switch try parts[1 + block].get() {
        case .compared(let comparison): return comparison
        case .rows(let gradients):
          return rows.compare(gradients, from: block * rowsPerTask, definition)
        case .definition: return JacobianComparison()
        }
      }
    }
    var comparison = JacobianComparison()
    for part in compared { comparison.merge(try part.get()) }
    return comparison
  }

  /// What one task gives.
  private enum Part: Sendable {
    case definition(DefinitionJacobian?)
    /// Some rows by the backward pass, for which the definition came too late.
    case rows([Gradients<Double>])
    case compared(JacobianComparison)
  }

  /// Rows that one task computes and compares: enough to make copies of the operands for.
  private static let rowsPerTask = 32

  /// Where an entry stands in the order in which the first of equal ones is the worst.
  struct Position: Comparable {
    let gradient: Int
    let element: Int
    let output: Int

    static func < (_ a: Position, _ b: Position) -> Bool {
      (a.gradient, a.element, a.output) < (b.gradient, b.element, b.output)
    }
  }

  /// Where `worst` stands.
  private var position: Position?

  init() {}

  /// Compares the entries of one output for one gradient.
  mutating func compare(
    _ backward: [Double], _ definition: UnsafeBufferPointer<Double>, _ start: Position,
    _ gradient: ResultTensor
  ) {
    let found = backward.withUnsafeBufferPointer { RowMaxima($0, definition) }
    let place = found.place
    largest = max(largest, found.largest)
    count += definition.count
    guard !definition.isEmpty else { return }
    consider(
      Entry(
        gradient: gradient, element: place, output: start.output, backward: backward[place],
        definition: definition[place]),
      Position(gradient: start.gradient, element: place, output: start.output))
  }

  /// Keeps the worse of two entries, the first one of two that are equally bad.
  private mutating func consider(_ entry: Entry, _ place: Position) {
    if let worst, let position {
      let (old, new) = (worst.difference, entry.difference)
      let isSame = old == new || old.isNaN && new.isNaN
      guard isSame ? place < position : !old.isNaN && !(new <= old) else { return }
    }
    (worst, position) = (entry, place)
  }

  private mutating func merge(_ other: JacobianComparison) {
    count += other.count
    largest = max(largest, other.largest)
    if let entry = other.worst, let place = other.position { consider(entry, place) }
  }
}
