import HDF5File
import Text

extension Group {
  /// A list of strings that Keras keeps in an attribute, or in several where it is long: `name0`,
  /// `name1`, …; nil where there is neither.
  ///
  /// Source: keras/src/legacy/saving/legacy_h5_format.py, save_attributes_to_hdf5_group.
  func kerasList(_ name: String, at path: String) throws(WeightProblem) -> [String]? {
    if let whole = attribute(name) { return try Self.strings(whole, name, path) }
    guard var chunk = attribute("\(name)0") else { return nil }
    var list: [String] = []
    var index = 0
    while true {
      list += try Self.strings(chunk, "\(name)\(index)", path)
      index += 1
      guard let next = attribute("\(name)\(index)") else { return list }
      chunk = next
    }
  }

  /// NumPy makes an array of float64 of an empty list.
  private static func strings(
    _ value: AttributeValue, _ name: String, _ path: String
  ) throws(WeightProblem) -> [String] {
    if case .reals(let numbers, _) = value, numbers.isEmpty { return [] }
    if case .strings(let texts, _) = value {
      let words = texts.compactMap(\.validated)
      if words.count == texts.count { return words }
    }
    throw WeightProblem(source: path, .attribute(name, expected: "a list of names in UTF-8"))
  }

  /// An attribute of one string.
  func kerasWord(_ name: String) -> String? {
    guard case .strings(let words, _)? = attribute(name), words.count == 1 else { return nil }
    return words[0].validated
  }
}
