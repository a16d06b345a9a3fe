// Every entry of a layer's Jacobian J, twice. The backward pass gives it row by row: Jᵀ·e, where the
// upstream gradient e is one at a single element of the outputs. The definition gives it in dual
// numbers, where each element of an operand moves in a direction of its own.

public import LayerKit
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
    guard let definition = try DefinitionJacobian(layer, operands) else { return nil }
    let silent = try layer.double.forward(operands).outputs.map {
      Tensor($0.shape, repeating: 0.0)
    }
    let wanted = layer.signature.gradients(of: operands)
    let places = silent.indices.flatMap { output in
      (0..<silent[output].count).map { (output: output, element: $0) }
    }
    let shapes = definition.columns.map { operands[operandOf: $0.gradient].shape }
    let blocks = Parallel.map((places.count + rowsPerTask - 1) / rowsPerTask) { block in
      Result { () throws(LayerFailure) in
        var comparison = JacobianComparison()
        var upstream = silent
        let operands = operands.copied
        var row = [Double](repeating: .nan, count: definition.columnCount)
        let first = block * rowsPerTask
        for output in first..<min(first + rowsPerTask, places.count) {
          let place = places[output]
          upstream[place.output][place.element] = 1
          let gradients = try layer.double.backward(operands, upstream, wanted)
          upstream[place.output][place.element] = 0
          row.withUnsafeMutableBufferPointer { row in
            // Outputs of another number than the definition's have no derivative to be held against.
            if definition.rowCount == places.count { definition.write(row: output, to: row) }
            for (index, (gradient, range)) in definition.columns.enumerated() {
              let backward = gradients[gradient].flatMap {
                $0.shape == shapes[index] ? $0.elements : nil
              }
              comparison.compare(
                backward ?? [Double](repeating: .nan, count: range.count),
                UnsafeBufferPointer(rebasing: row[range]),
                Position(gradient: index, element: 0, output: output), gradient)
            }
          }
        }
        return comparison
      }
    }
    var comparison = JacobianComparison()
    for block in blocks { comparison.merge(try block.get()) }
    return comparison
  }

  /// Rows that one task computes and compares: enough to make copies of the operands for.
  private static let rowsPerTask = 32

  /// Where an entry stands in the order in which the first of equal ones is the worst.
  private struct Position: Comparable {
    let gradient: Int
    let element: Int
    let output: Int

    static func < (_ a: Position, _ b: Position) -> Bool {
      (a.gradient, a.element, a.output) < (b.gradient, b.element, b.output)
    }
  }

  /// Where `worst` stands.
  private var position: Position?

  private init() {}

  /// Compares the entries of one output for one gradient.
  private mutating func compare(
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

extension Gradients<Double> {
  fileprivate subscript(gradient: ResultTensor) -> Tensor<Double>? {
    switch gradient {
    case .inputGradient(let index): inputs[index]
    case .parameterGradient(let name): parameters[name]
    case .output, .buffer: nil
    }
  }
}

extension Operands<Double> {
  /// The same operands in memory of their own: threads that count references to shared ones wait for
  /// each other, and a call of a small layer counts dozens.
  fileprivate var copied: Operands<Double> {
    mapTensors { tensor in
      Tensor(
        Shape(Array(count: tensor.shape.rank) { tensor.shape[$0] }),
        Array(count: tensor.count) { tensor[$0] })
    }
  }
}
