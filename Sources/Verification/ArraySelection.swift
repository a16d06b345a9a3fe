import Discrepancy
import Reports

/// Which tensors are told element by element, and how much room they may take.
public struct ArraySelection: Sendable {
  /// Whether tensors that agree are told too.
  public var includesAgreeing: Bool
  /// The bytes that all arrays of a fixture may take together.
  public var budgetBytes: Int

  /// Selects tensors.
  public init(includesAgreeing: Bool, budgetBytes: Int) {
    self.includesAgreeing = includesAgreeing
    self.budgetBytes = budgetBytes
  }

  /// Whether a tensor has elements to be told, and is asked for.
  func takes(_ report: TensorReport) -> Bool {
    guard report.mode == .isolated, report.comparison != nil else { return false }
    return includesAgreeing || report.verdict.isFailure || report.verdict == .expected
  }
}

/// The arrays that a run tells, one tensor in memory at a time.
struct ArrayTelling {
  private let selection: ArraySelection?
  private var used = 0
  private var leftOut = 0

  init(_ selection: ArraySelection?) { self.selection = selection }

  /// Tells those of a layer's tensors that are asked for, as long as there is room.
  mutating func tell(
    _ trial: LayerTrial, _ reports: [TensorReport], _ facts: LayerFacts,
    _ report: (Event) throws -> Void
  ) throws {
    guard let selection else { return }
    for tensor in reports where selection.takes(tensor) {
      // Ours, the reference and the bound, each in doubles.
      let bytes = 3 * 8 * (tensor.comparison?.count ?? 0)
      guard used + bytes <= selection.budgetBytes else {
        leftOut += 1
        continue
      }
      guard let arrays = try trial.arrays(of: tensor, facts) else { continue }
      used += bytes
      try report(.arrays(arrays))
    }
  }

  /// Says how many tensors did not find room.
  func finish(_ report: (Event) throws -> Void) throws {
    guard let selection, leftOut > 0 else { return }
    let tensors = leftOut == 1 ? "1 tensor is" : "\(leftOut) tensors are"
    try report(
      .warning(
        Warning(
          id: "arrays-left-out",
          text: "\(tensors) left out of the arrays, which hold at most "
            + "\(selection.budgetBytes) bytes: choose layers with --layer")))
  }
}
