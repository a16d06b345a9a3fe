import Text

/// What paths of one file are called in another.
///
/// As text, one pair of paths a line, `A-path B-path`, separated by a tab, or by blanks where no
/// path has any. Empty lines and those that begin with `#` are comments. A pair of groups renames
/// all that is in them; of several pairs that fit, the longest path decides.
public struct NameMap: Hashable, Sendable {
  /// One renaming, both paths without the leading `/`.
  public struct Entry: Hashable, Sendable {
    /// The path in the first file.
    public let a: String
    /// The path in the second file.
    public let b: String
    /// The line of the text.
    public let line: Int
  }

  /// The renamings, in the order of the text.
  public let entries: [Entry]
  private let byPath: [[UInt8]: Int]

  /// Renames nothing.
  public init() {
    entries = []
    byPath = [:]
  }

  /// Reads the text of a map.
  public init(_ text: String) throws(NameMapProblem) {
    var entries: [Entry] = []
    var byPath: [[UInt8]: Int] = [:]
    var targets: Set<[UInt8]> = []
    let lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }
    for (number, line) in lines.enumerated() {
      let line = Self.trimmed(line)
      guard !line.isEmpty, !line.hasPrefix("#") else { continue }
      let separator: (Character) -> Bool =
        line.contains("\t") ? { $0 == "\t" } : { $0 == " " }
      let paths = line.split(whereSeparator: separator).map { Self.path(Self.trimmed($0)) }
      guard paths.count == 2 else { throw NameMapProblem(line: number + 1, fault: .pair) }
      guard paths.allSatisfy({ !$0.isEmpty }) else {
        throw NameMapProblem(line: number + 1, fault: .root)
      }
      guard byPath.updateValue(entries.count, forKey: Array(paths[0].utf8)) == nil,
        targets.insert(Array(paths[1].utf8)).inserted
      else { throw NameMapProblem(line: number + 1, fault: .repeated) }
      entries.append(Entry(a: paths[0], b: paths[1], line: number + 1))
    }
    self.entries = entries
    self.byPath = byPath
  }

  /// What a path of the first file, without the leading `/`, is called in the second one, and the
  /// entry that says so.
  public func renamed(_ path: String) -> (path: String, entry: Int?) {
    guard !entries.isEmpty else { return (path, nil) }
    let bytes = Array(path.utf8)
    var end = bytes.count
    while true {
      if let entry = byPath[Array(bytes[..<end])] {
        let rest = String(decoding: bytes[end...], as: UTF8.self)
        return (entries[entry].b + rest, entry)
      }
      guard let slash = bytes[..<end].lastIndex(of: UInt8(ascii: "/")) else { return (path, nil) }
      end = slash
    }
  }

  /// The sentences about entries that fit nothing in a file.
  public func problems(of unused: Set<Int>, in file: String) -> [String] {
    unused.sorted().map { index in
      let entry = entries[index]
      return "line \(entry.line) of the map names `\(UntrustedText(entry.a).terminal)`, which "
        + "\(UntrustedText(file).terminal) lacks: remove the line, or correct the path"
    }
  }

  private static func trimmed(_ text: some StringProtocol) -> String {
    let blanks: (Character) -> Bool = { $0 == " " || $0 == "\t" || $0 == "\r" }
    let start = text.drop(while: blanks)
    return String(start.reversed().drop(while: blanks).reversed())
  }

  /// A path without slashes at its ends.
  private static func path(_ text: String) -> String {
    String(text.split(separator: "/", omittingEmptySubsequences: true).joined(separator: "/"))
  }
}

/// A line of a map that cannot be understood.
public struct NameMapProblem: Error, Hashable, Sendable, CustomStringConvertible {
  /// Its number, from 1.
  public let line: Int
  /// What is wrong.
  public let fault: Fault

  /// What can be wrong.
  public enum Fault: Hashable, Sendable {
    /// Not two paths.
    case pair
    /// One of the paths is `/`.
    case root
    /// A path that stood in an earlier line on the same side.
    case repeated
  }

  public var description: String {
    let what =
      switch fault {
      case .pair:
        "holds no pair of paths; write `A-path B-path`, with a tab where paths have blanks"
      case .root: "renames the root; name a group or a dataset"
      case .repeated: "names a path again; name each path once"
      }
    return "line \(line) \(what)"
  }
}
