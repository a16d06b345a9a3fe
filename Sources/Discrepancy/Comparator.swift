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
    let scan = scan(next: reference.count)
    let ours = ours.elements
    let parts = Parallel.map(Self.blocks(reference.count)) { index in
      scan.found(ours, reference, Self.range(index, of: reference.count))
    }
    for part in parts { found.merge(part) }
  }

  /// Compares the next `count` elements of the reference, which `read` gives a block at a time.
  ///
  /// Several threads read and compare, each its own blocks, while these are in its cache. `read`
  /// gets a range of row-major indices in the whole tensor. Throws what the first block that could
  /// not be read has thrown.
  @_specialize(where S == Double)
  @_specialize(where S == Float)
  public mutating func compare(
    next count: Int, _ read: @Sendable (Range<Int>) throws -> [Double]
  ) throws {
    let start = next
    let scan = scan(next: count)
    let ours = ours.elements
    let parts = Parallel.map(Self.blocks(count)) { index in
      Result {
        let range = Self.range(index, of: count)
        let reference = try read(start + range.lowerBound..<start + range.upperBound)
        precondition(reference.count == range.count, "a block has the elements asked for")
        return scan.found(ours, reference, from: range.lowerBound, range)
      }
    }
    for part in parts { found.merge(try part.get()) }
  }

  /// What judges the next elements, which then count as compared.
  private mutating func scan(next count: Int) -> JudgingScan {
    let start = next
    precondition(start + count <= ours.count, "the reference has too many elements")
    next += count
    let judge = ElementJudge(tolerance, inputsAreFinite: inputsAreFinite)
    return JudgingScan(
      judge, tolerance.window(start..<next), start: start, instructions: instructions)
  }

  private static func blocks(_ count: Int) -> Int { (count + block - 1) / block }

  private static func range(_ index: Int, of count: Int) -> Range<Int> {
    index * block..<min((index + 1) * block, count)
  }

  /// What was found, once every element has been compared.
  public consuming func finish() -> Comparison {
    precondition(next == ours.count, "\(next) of \(ours.count) elements were compared")
    return found
  }
}
