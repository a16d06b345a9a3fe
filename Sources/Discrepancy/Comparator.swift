public import Tensors

/// Holds a computed tensor against a reference that arrives in pieces.
///
/// Each piece is cut into blocks of a fixed size that are compared side by side and merged in
/// order, so that the findings do not depend on the number of threads. Nearly all elements are done
/// with by a scan in vectors.
public struct Comparator<S: FloatingScalar>: Sendable {
  private let ours: Tensor<S>
  private let tolerance: Tolerance
  private let inputsAreFinite: Bool
  /// All instruction sets find the same; tests try each.
  package var instructions = JudgingInstructions.widest
  private var next = 0
  private var found = Comparison()

  /// The number of elements of a block.
  private static var block: Int { 1 << 15 }

  /// Prepares to compare `ours`.
  ///
  /// - Parameters:
  ///   - ours: What was computed here.
  ///   - tolerance: The limits of each element.
  ///   - inputsAreFinite: Whether all that the layer computed from was finite. Only where it was
  ///     not may both sides be NaN, or infinite with the same sign.
  public init(ours: Tensor<S>, tolerance: Tolerance, inputsAreFinite: Bool) {
    self.ours = ours
    self.tolerance = tolerance
    self.inputsAreFinite = inputsAreFinite
  }

  /// Compares the next elements of the reference, in row-major order.
  @_specialize(where S == Double)
  @_specialize(where S == Float)
  public mutating func compare(_ reference: [Double]) {
    let start = next
    precondition(start + reference.count <= ours.count, "the reference has too many elements")
    next += reference.count
    let blocks = (reference.count + Self.block - 1) / Self.block
    let judge = ElementJudge(tolerance, inputsAreFinite: inputsAreFinite)
    let scan = JudgingScan(
      judge, tolerance.window(start..<next), start: start, instructions: instructions)
    let ours = ours.elements
    let parts = Parallel.map(blocks) { index in
      let range = index * Self.block..<min((index + 1) * Self.block, reference.count)
      return scan.found(ours, reference, range)
    }
    for part in parts { found.merge(part) }
  }

  /// What was found, once every element has been compared.
  public consuming func finish() -> Comparison {
    precondition(next == ours.count, "\(next) of \(ours.count) elements were compared")
    return found
  }
}
