// TensorName.swift

import HDF5File
import LayerKit
import Text

/// The name of a tensor that may come several times: `output`, or `output.1`.
struct TensorName: Hashable {
  /// The name without the index.
  let stem: Stem
  /// The position; 0 where none is written.
  let index: Int

  /// The tensors of a reference that a layer may have several of.
  enum Stem: String, CaseIterable {
    case input
    case output
    case outputGradient = "grad_output"
    case inputGradient = "grad_input"
  }

  /// No layer has so many inputs; what is above is no index.
  private static let largestDigits = 4

  /// Understands a name; nil where it is none of these.
  init?(_ name: ObjectName) {
    let (stem, index) = Self.parts(name.string)
    guard let stem = Stem(rawValue: stem), let index else { return nil }
    self.stem = stem
    self.index = index
  }

  /// The correct name that is closest to a wrong one, with the same index.
  static func closest(to name: ObjectName) -> String? {
    let (stem, index) = parts(name.string)
    guard let close = NearMiss.closest(to: stem, among: Stem.allCases.map(\.rawValue)) else {
      return nil
    }
    let hasIndex = name.bytes.contains(UInt8(ascii: "."))
    return index.map { hasIndex ? "\(close).\($0)" : close } ?? close
  }

  /// A decimal number as an index is written: no sign, no leading zero.
  static func index(_ digits: some StringProtocol) -> Int? {
    guard !digits.isEmpty, digits.utf8.count <= largestDigits,
      digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
      digits.utf8.count == 1 || digits.utf8.first != UInt8(ascii: "0")
    else { return nil }
    return Int(digits)
  }

  private static func parts(_ name: String) -> (stem: String, index: Int?) {
    guard let dot = name.firstIndex(of: ".") else { return (name, 0) }
    return (String(name[..<dot]), index(name[name.index(after: dot)...]))
  }
}
