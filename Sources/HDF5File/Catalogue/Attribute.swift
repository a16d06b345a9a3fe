// Attribute.swift

public import Text

/// A small named value that belongs to a group or a dataset.
public struct Attribute: Sendable {
  /// Its name.
  public let name: ObjectName
  /// Its value, converted.
  public let value: AttributeValue
}

/// The value of an attribute; a scalar has the shape `[]`.
public enum AttributeValue: Sendable, Hashable {
  /// Whole numbers of any width that fit 64 bits.
  case integers([Int], shape: [Int])
  /// Floating-point numbers of any width.
  case reals([Double], shape: [Int])
  /// h5py truth values.
  case booleans([Bool], shape: [Int])
  /// Strings of fixed or variable length, padding removed.
  case strings([UntrustedText], shape: [Int])
  /// Anything else, in words.
  case unsupported(String)
}
