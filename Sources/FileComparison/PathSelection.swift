/// Which paths of a file count: those that match a pattern of `only`, if there is any, and none of
/// `ignored`.
public struct PathSelection: Hashable, Sendable {
  private let only: [PathPattern]
  private let ignored: [PathPattern]

  /// Selects paths by patterns.
  public init(only: [String] = [], ignored: [String] = []) {
    self.only = only.map(PathPattern.init)
    self.ignored = ignored.map(PathPattern.init)
  }

  /// Whether a path counts.
  public func contains(_ path: String) -> Bool {
    let path = Array(path.utf8)
    return (only.isEmpty || only.contains { $0.matches(path) })
      && !ignored.contains { $0.matches(path) }
  }
}

/// A pattern of paths: `*` stands for any characters, `/` among them, and `?` for one.
///
/// A leading `/` may be left out. A pattern that names a group matches all that is in it.
struct PathPattern: Hashable, Sendable {
  private let pattern: [UInt8]

  init(_ text: String) {
    pattern = Array(text.utf8.drop { $0 == UInt8(ascii: "/") })
  }

  func matches(_ path: [UInt8]) -> Bool {
    let slash = UInt8(ascii: "/")
    let path = Array(path.drop { $0 == slash })
    return matches(path[...])
      || path.indices.contains { path[$0] == slash && matches(path[..<$0]) }
  }

  /// The usual walk with one point to return to: the last `*`, which then takes one byte more.
  private func matches(_ path: ArraySlice<UInt8>) -> Bool {
    var (next, place) = (0, path.startIndex)
    var retreat: (next: Int, place: Int)?
    while place < path.endIndex {
      if next < pattern.count, pattern[next] == UInt8(ascii: "*") {
        retreat = (next, place)
        next += 1
      } else if next < pattern.count,
        pattern[next] == path[place] || pattern[next] == UInt8(ascii: "?")
      {
        next += 1
        place += 1
      } else if let last = retreat {
        next = last.next + 1
        place = last.place + 1
        retreat = (last.next, place)
      } else {
        return false
      }
    }
    return pattern[next...].allSatisfy { $0 == UInt8(ascii: "*") }
  }
}
