/// What a user asks of a comparison of two fixtures.
public struct PairOptions {
  /// Whether NaN equals every NaN.
  public var nanIsEqual: Bool
  /// Whether a tensor counts, by its path in the first file.
  public var isChosen: (String) -> Bool
  /// What a layer, an input or a case of the first file is called in the second one: the group it
  /// is in (`layers`), and its name.
  public var renamed: (String, String) -> String

  /// Asks for a comparison.
  public init(
    nanIsEqual: Bool = false, isChosen: @escaping (String) -> Bool = { _ in true },
    renamed: @escaping (String, String) -> String = { $1 }
  ) {
    self.nanIsEqual = nanIsEqual
    self.isChosen = isChosen
    self.renamed = renamed
  }
}
