/// The order in which a stored tensor's axes stand, one letter an axis: `NHWC`, `HWIO`.
///
/// Activations have the letters N (batch), C (channels), then D, H, W, or L or W alone where there
/// is one spatial axis; weights have O (output features), I (input features) and the same spatial
/// letters. Nothing is guessed from a shape: the letters say it all.
public struct Axes: Hashable, Sendable {
  /// The letters in stored order.
  public let letters: String

  /// For each axis of the canonical order, the stored axis it comes from.
  public let order: [Int]

  /// What a tensor is, which decides its letters and their canonical order.
  public enum Role: Hashable, Sendable {
    /// `N C …`; batch or channels may be absent, as in a target of class indices.
    case activation
    /// `O I …`; for a transposed convolution `I O …`.
    case weight(isTransposed: Bool)
    /// A parameter of another kind: a weight or, like a normalisation's scale, an activation.
    case parameter
  }

  /// Understands letters for a tensor of a rank, or says why they do not fit.
  public init(_ letters: String, rank: Int, role: Role) throws(AxesProblem) {
    let stored = Array(letters.utf8)
    guard stored.count == rank else { throw .count(letters: stored.count, rank: rank) }
    let leading = try Self.leadingLetters(stored, role)
    let canonical = leading + Array("DHWL".utf8)
    for (position, letter) in stored.enumerated() {
      guard canonical.contains(letter) else { throw .letter(at: position, role) }
      guard !stored[..<position].contains(letter) else { throw .repeated(at: position) }
    }
    try Self.checkCompleteness(stored, leading, role)
    self.letters = letters
    self.order = canonical.compactMap { stored.firstIndex(of: $0) }
  }

  /// Whether the stored order is the canonical one.
  public var isCanonical: Bool { order == Array(0..<order.count) }

  /// The letters that stand before the spatial ones, in canonical order.
  private static func leadingLetters(
    _ stored: [UInt8], _ role: Role
  ) throws(AxesProblem) -> [UInt8] {
    switch role {
    case .activation: return Array("NC".utf8)
    case .weight(let isTransposed): return Array((isTransposed ? "IO" : "OI").utf8)
    case .parameter:
      let isWeight = stored.contains { $0 == UInt8(ascii: "O") || $0 == UInt8(ascii: "I") }
      return Array((isWeight ? "OI" : "NC").utf8)
    }
  }

  /// A weight of two axes or more has both features; spatial letters come as a whole set.
  private static func checkCompleteness(
    _ stored: [UInt8], _ leading: [UInt8], _ role: Role
  ) throws(AxesProblem) {
    if case .weight = role, stored.count > 1 {
      guard leading.allSatisfy(stored.contains) else { throw .incomplete(role) }
    }
    let spatial = Set(stored).subtracting(leading)
    let sets: [Set<UInt8>] = ["", "L", "W", "HW", "DHW"].map { Set($0.utf8) }
    guard sets.contains(spatial) else { throw .incomplete(role) }
  }
}

/// Why letters do not name the axes of a tensor.
public enum AxesProblem: Error, Hashable, Sendable {
  /// Not one letter for each axis.
  case count(letters: Int, rank: Int)
  /// A character that names no axis of such a tensor.
  case letter(at: Int, Axes.Role)
  /// A letter that stood before.
  case repeated(at: Int)
  /// Letters of one set are missing: `H` without `W`, a weight without `I`.
  case incomplete(Axes.Role)
}
