public import LayerKit
internal import Tensors

/// All entries of a layer's Jacobian by its definition.
///
/// One evaluation in sparse dual numbers covers every output and carries the derivatives by all
/// elements of all operands with it; an entry is zero where the arithmetic of the definition made it
/// so. Where these derivatives are too many, or the layer has no such definition, dual numbers give
/// one column after the other. The entries are the same, up to the order of sums.
public struct DefinitionJacobian: Sendable {
  private enum Entries: Sendable {
    case sparse([SparseDual], SparseDirections)
    case columns([[Double]])
  }

  /// The inputs and parameters that move, by their gradients, each with its range of columns.
  public let columns: [(gradient: ResultTensor, range: Range<Int>)]
  /// The number of elements of all outputs.
  public let rowCount: Int
  private let entries: Entries

  /// The number of elements of all operands that move.
  public var columnCount: Int { columns.last?.range.upperBound ?? 0 }

  /// Derivatives that the numbers of one evaluation may have together: 48 MiB.
  static let capacity = 4 << 20

  /// Computes the Jacobian with respect to each input and parameter that has a gradient.
  ///
  /// Nil for a layer without a definition in dual numbers. Takes memory for the whole Jacobian at
  /// most, and 48 MiB.
  public init?(_ layer: AnyLayer, _ operands: Operands<Double>) throws(LayerFailure) {
    try self.init(layer, operands, capacity: Self.capacity)
  }

  package init?(_ layer: AnyLayer, _ operands: Operands<Double>, capacity: Int) throws(LayerFailure)
  {
    guard layer.defineDual != nil || layer.defineSparseDual != nil else { return nil }
    let gradients = layer.signature.gradients(of: operands).tensors
    if let one = Self(evaluating: layer, operands, gradients, capacity: capacity) {
      self = one
      return
    }
    guard layer.defineDual != nil else { return nil }
    columns = Self.columns(gradients, operands)
    let linearization = Linearization(layer, operands, source: .dualNumbers)
    let places = columns.flatMap { gradient, range in
      range.indices.map { (gradient, $0 - range.lowerBound) }
    }
    let found = Parallel.map(places.count) { column in
      Result { () throws(LayerFailure) in
        try linearization.column(places[column].1, of: places[column].0)
      }
    }
    var all: [[Double]] = []
    for column in found { all.append(try column.get()) }
    entries = .columns(all)
    rowCount = all.first?.count ?? 0
  }

  /// Computes the Jacobian with respect to some operands by one evaluation.
  ///
  /// Nil for a layer without a definition in sparse dual numbers, and where these have too little room.
  init?(
    evaluating layer: AnyLayer, _ operands: Operands<Double>, _ gradients: [ResultTensor],
    capacity: Int = capacity
  ) {
    let columns = Self.columns(gradients, operands)
    let count = columns.last?.range.upperBound ?? 0
    guard let define = layer.defineSparseDual, count <= capacity else { return nil }
    let directions = SparseDirections(count, capacity: capacity)
    var moved = operands.mapTensors { $0.map { SparseDual($0) } }
    for (gradient, range) in columns {
      let operand = operands[operandOf: gradient]
      moved[operandOf: gradient] = Tensor(
        operand.shape,
        Array(count: operand.count) {
          directions.variable(operand[$0], direction: range.lowerBound + $0)
        })
    }
    let numbers = define(moved).outputs.flatMap(\.elements)
    guard !directions.areExhausted else { return nil }
    self.columns = columns
    rowCount = numbers.count
    entries = .sparse(numbers, directions)
  }

  /// The operands side by side, each element a column.
  private static func columns(
    _ gradients: [ResultTensor], _ operands: Operands<Double>
  ) -> [(gradient: ResultTensor, range: Range<Int>)] {
    var end = 0
    return gradients.map { gradient in
      let start = end
      end += operands[operandOf: gradient].count
      return (gradient, start..<end)
    }
  }

  /// Writes the derivatives of one element of the outputs, which follow one another.
  ///
  /// - Parameters:
  ///   - row: The offset of the element.
  ///   - buffer: Room for an element for each column.
  public func write(row: Int, to buffer: UnsafeMutableBufferPointer<Double>) {
    switch entries {
    case .sparse(let numbers, let directions): directions.write(numbers[row], to: buffer)
    case .columns(let columns): for index in columns.indices { buffer[index] = columns[index][row] }
    }
  }

  /// The derivatives of all outputs with respect to each element of one operand: a column for each
  /// element.
  package func columns(of gradient: ResultTensor) -> [[Double]] {
    guard let range = columns.first(where: { $0.gradient == gradient })?.range else { return [] }
    if case .columns(let columns) = entries { return Array(columns[range]) }
    var result = [[Double]](
      repeating: [Double](repeating: 0, count: rowCount), count: range.count)
    var row = [Double](repeating: 0, count: columnCount)
    for output in 0..<rowCount {
      row.withUnsafeMutableBufferPointer { write(row: output, to: $0) }
      for element in range { result[element - range.lowerBound][output] = row[element] }
    }
    return result
  }
}
