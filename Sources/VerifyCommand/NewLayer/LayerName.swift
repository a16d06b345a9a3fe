/// The name of a new kind, `acme.Gate`, and what is derived from it.
struct LayerName {
  /// The name of the plug-in, `acme`.
  let prefix: String
  /// The name without its prefix, `Gate`.
  let name: String

  /// The name of the kind.
  var kind: String { prefix + "." + name }
  /// The name in small letters, for libraries and folders.
  var lowercase: String { name.lowercased() }

  /// The plug-in of those who do not state one.
  private static let ownPrefix = "my"

  /// Reads `Gate` or `acme.Gate`; nil for what is no such name.
  ///
  /// The name becomes part of identifiers of several languages: a letter from A to Z, then letters
  /// and digits. The prefix is made of small letters, digits and `_`, and begins with a letter.
  init?(_ text: String) {
    let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), let name = parts.last, text.utf8.count <= 64 else {
      return nil
    }
    let prefix = parts.count == 2 ? Array(parts[0]) : Array(Self.ownPrefix.utf8)
    guard let first = name.first, Self.capitals.contains(first),
      name.allSatisfy({
        Self.capitals.contains($0) || Self.small.contains($0) || Self.digits.contains($0)
      }),
      let initial = prefix.first, Self.small.contains(initial),
      prefix.allSatisfy({
        Self.small.contains($0) || Self.digits.contains($0) || $0 == UInt8(ascii: "_")
      })
    else { return nil }
    self.prefix = String(decoding: prefix, as: UTF8.self)
    self.name = String(decoding: name, as: UTF8.self)
  }

  private static let capitals = UInt8(ascii: "A")...UInt8(ascii: "Z")
  private static let small = UInt8(ascii: "a")...UInt8(ascii: "z")
  private static let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
}
