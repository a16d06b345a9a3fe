/// A format of weight files: how it is recognised, and what its tensors are.
///
/// A format of someone else's is a value of such a type in the list that `WeightFormats` is made
/// of; ours come through the same door.
public protocol WeightFormat: Sendable {
  /// The name that messages and `--format` use, `safetensors`.
  var name: String { get }

  /// What in the content speaks for this format; nil where nothing does.
  ///
  /// Never decide on the file's name. What is read here is bounded: names, shapes and attributes,
  /// not the numbers.
  func evidence(in file: WeightFile) throws(WeightError) -> WeightEvidence?

  /// Lists the tensors with the names and conversions that this format gives them.
  ///
  /// No number is read that the listing does not need. What is wrong with one tensor stays with
  /// it, and what is wrong with the file is thrown, all of it together.
  func listing(
    of file: WeightFile, options: WeightReadOptions
  ) throws(WeightError) -> WeightListing
}

/// What speaks for a format, in words that follow "because".
public enum WeightEvidence: Hashable, Sendable {
  /// A mark that no other format has: the first format in order that finds one is taken.
  case mark(String)
  /// Names and shapes that look like it: refused as ambiguous if another format's do as well.
  case likeness(String)

  /// The words.
  public var words: String {
    switch self {
    case .mark(let words), .likeness(let words): words
    }
  }
}
