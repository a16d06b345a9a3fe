/// Why the kinds of a plug-in cannot be used: facts only.
///
/// The sentence is made in `LibraryRefusal+Description.swift`.
struct LibraryRefusal: Error, Hashable, Sendable {
  let code: Code
  /// The kind, function or name in question, as the plug-in states it.
  var subject: [UInt8] = []
  /// What was found, or the words of another.
  var detail: [UInt8] = []
  /// A number that was found, and the one that is needed.
  var figure = 0
  var needed = 0

  init(_ code: Code, _ subject: String = "", detail: [UInt8] = [], figure: Int = 0, needed: Int = 0)
  {
    self.code = code
    self.subject = Array(subject.utf8)
    self.detail = detail
    self.figure = figure
    self.needed = needed
  }

  enum Code: UInt8, Sendable {
    // The file.
    case relativePath, notThere, notRegular, writable, cannotLoad, noEntry
    // The table.
    case noTable, wrongMagic, wrongABI, tooSmall, layerCount, nullPointer, tooMany
    // Names.
    case illFormedName, notUTF8, wrongPrefix, duplicateKind, duplicateSlot
    // A kind.
    case noFunction, unknownContent, unknownTraits, optionalOrder, noInput, badExample
  }
}

extension MessageWriter {
  mutating func put(_ refusal: LibraryRefusal) {
    put(refusal.code.rawValue)
    put(bytes: refusal.subject)
    put(bytes: refusal.detail)
    put(refusal.figure)
    put(refusal.needed)
  }
}

extension MessageReader {
  mutating func refusal() throws(MalformedMessage) -> LibraryRefusal {
    guard let code = LibraryRefusal.Code(rawValue: try number()) else { throw MalformedMessage() }
    var refusal = LibraryRefusal(code)
    refusal.subject = try text()
    refusal.detail = try text()
    refusal.figure = try integer()
    refusal.needed = try integer()
    return refusal
  }
}
