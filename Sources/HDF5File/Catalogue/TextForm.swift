// TextForm.swift

/// How the strings of a dataset are stored.
package struct TextForm: Hashable, Sendable {
  /// Bytes of one element: the string's own, or a reference to it.
  package let width: Int
  /// What follows the text.
  package let padding: Padding

  /// What follows the text within its element.
  package enum Padding: Hashable, Sendable {
    /// A null, and after it anything.
    case nullTerminated
    /// Nulls.
    case nulls
    /// Spaces.
    case spaces
    /// Nothing: the element is a reference into the file's global heap.
    case variable
  }

  /// Bytes of a reference: a length, an address and an index.
  static let reference = 16
}
