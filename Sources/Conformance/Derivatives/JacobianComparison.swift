// Every entry of a layer's Jacobian J, twice. The backward pass gives it row by row: Jᵀ·e, where the
// upstream gradient e is one at a single element of the outputs. The definition in dual numbers gives
// it column by column: J·e, where a single element of an operand moves.

public import LayerKit
public import Tensors

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
  /// backward pass leaves out are NaN. Takes memory for the whole Jacobian: this is for small layers.
  public static func measure(
    _ layer: AnyLayer, _ operands: Operands<Double>
  ) throws(LayerFailure) -> JacobianComparison? {
    guard layer.defineDual != nil else { return nil }
    let wanted = layer.signature.gradients(of: operands)
    let rows = try rows(layer, operands, wanted)
    let linearization = Linearization(layer, operands, source: .dualNumbers)
    var comparison = JacobianComparison()
    for gradient in wanted.tensors {
      let shape = operands[operandOf: gradient].shape
      let backward = rows.map { $0[gradient] ?? Tensor(shape, repeating: .nan) }
      let columns = Parallel.map(shape.count) { element in
        Result { () throws(LayerFailure) in
          let column = try linearization.column(element, of: gradient)
          return JacobianComparison(column, backward, gradient, element)
        }
      }
      for column in columns { comparison.merge(try column.get()) }
    }
    return comparison
  }

  /// The gradients of each element of the outputs alone.
  private static func rows(
    _ layer: AnyLayer, _ operands: Operands<Double>, _ wanted: GradientRequest
  ) throws(LayerFailure) -> [Gradients<Double>] {
    let silent = try layer.double.forward(operands).outputs.map {
      Tensor($0.shape, repeating: 0.0)
    }
    let places = silent.indices.flatMap { output in
      (0..<silent[output].count).map { (output: output, element: $0) }
    }
    let rows = Parallel.map(places.count) { row in
      Result { () throws(LayerFailure) in
        var upstream = silent
        upstream[places[row].output][places[row].element] = 1
        return try layer.double.backward(operands, upstream, wanted)
      }
    }
    var gradients: [Gradients<Double>] = []
    for row in rows { gradients.append(try row.get()) }
    return gradients
  }

  private init() {}

  /// Compares a column with the same elements of all rows.
  private init(
    _ column: [Double], _ rows: [Tensor<Double>], _ gradient: ResultTensor, _ element: Int
  ) {
    count = column.count
    var (place, most) = (0, -1.0)
    for output in column.indices {
      largest = max(largest, column[output].magnitude)
      let difference = (rows[output][element] - column[output]).magnitude
      // Written so that a NaN becomes the worst and stays it.
      if !(difference <= most) && !most.isNaN { (place, most) = (output, difference) }
    }
    guard !column.isEmpty else { return }
    worst = Entry(
      gradient: gradient, element: element, output: place, backward: rows[place][element],
      definition: column[place])
  }

  private mutating func merge(_ other: JacobianComparison) {
    count += other.count
    largest = max(largest, other.largest)
    guard let entry = other.worst else { return }
    if let worst, worst.difference.isNaN || entry.difference <= worst.difference { return }
    worst = entry
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
