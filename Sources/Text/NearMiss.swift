/// The closest of some known names to one that is not known, for "did you mean".
public enum NearMiss {
  /// The candidate with the smallest edit distance, if that is small against the name's length.
  ///
  /// Upper and lower case count as equal; of several candidates at one distance, the first wins.
  public static func closest(to name: String, among candidates: some Sequence<String>) -> String? {
    let name = Array(name.lowercased().utf8.prefix(64))
    var best: (distance: Int, name: String)?
    for candidate in candidates {
      let distance = distance(name, Array(candidate.lowercased().utf8.prefix(64)))
      if distance < best?.distance ?? .max { best = (distance, candidate) }
    }
    guard let best, best.distance <= max(1, name.count / 3) else { return nil }
    return best.name
  }

  /// The optimal string alignment distance: insertions, deletions, replacements and swaps of
  /// neighbours (Damerau 1964), by dynamic programming over prefixes.
  package static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
    var previous = [Int](repeating: 0, count: b.count + 1)
    var current = Array(0...b.count)
    for i in a.indices {
      let beforePrevious = previous
      previous = current
      current[0] = i + 1
      for j in b.indices {
        let replacement = previous[j] + (a[i] == b[j] ? 0 : 1)
        current[j + 1] = min(replacement, previous[j + 1] + 1, current[j] + 1)
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
          current[j + 1] = min(current[j + 1], beforePrevious[j - 1] + 1)
        }
      }
    }
    return current[b.count]
  }
}
