import Discrepancy
import HDF5File
import Reports
import Text

/// Two datasets of strings, which must be equal byte by byte, whatever fills them up.
struct TextComparison {
  private var first: TextReader?
  private var second: TextReader?
  private let count: Int

  /// Strings that are read at a time.
  private static var window: Int { 4096 }

  init(_ a: StoredElements, _ fileA: HDF5File, _ b: StoredElements, _ fileB: HDF5File) {
    first = TextReader(a, in: fileA)
    second = TextReader(b, in: fileB)
    count = a.dataset.count
  }

  /// What was found, and the first strings that differ.
  consuming func run() throws(HDF5Error) -> (Comparison, TensorReport.TextPair?) {
    var found = Comparison()
    var differing: TensorReport.TextPair?
    for start in stride(from: 0, to: count, by: Self.window) {
      let range = start..<min(start + Self.window, count)
      let left = try first?.read(range) ?? []
      let right = try second?.read(range) ?? []
      for (offset, (a, b)) in zip(range, zip(left, right)) {
        found.count += 1
        if !a.bytes.isEmpty || !b.bytes.isEmpty { found.informative += 1 }
        guard a != b else { continue }
        if differing == nil { differing = TensorReport.TextPair(a: a, b: b) }
        found.takeUnequal(offset)
      }
    }
    precondition(found.count == count, "every string is compared")
    return (found, differing)
  }
}
