public import Discrepancy

/// What a user asks of a comparison of two files.
public struct ComparisonOptions: Sendable {
  /// What floating-point numbers may lie apart; all other elements must be equal.
  public var limit: StatedLimit
  /// Whether NaN equals every NaN; otherwise only one with the same bits.
  public var nanIsEqual: Bool
  /// Which datasets are compared.
  public var selection: PathSelection
  /// What is named differently in the second file.
  public var names: NameMap

  /// Asks for a comparison.
  public init(
    limit: StatedLimit = .storage, nanIsEqual: Bool = false, selection: PathSelection = .init(),
    names: NameMap = .init()
  ) {
    self.limit = limit
    self.nanIsEqual = nanIsEqual
    self.selection = selection
    self.names = names
  }
}
