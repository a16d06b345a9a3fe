extension WeightFormats {
  /// The formats of the toolkit, in the order in which they are asked.
  public static let standard = WeightFormats([])
}
