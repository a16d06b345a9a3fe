import LayerKit

/// What the kit found about one kind of layer.
public struct ConformanceReport: Sendable {
  /// The kind that was examined.
  public let kind: String
  /// The checks in the order in which they ran.
  public internal(set) var results: [CheckResult] = []

  /// What one check found on all configurations of the kind.
  public struct CheckResult: Sendable {
    /// The id of the check.
    public let check: String
    /// What is promised.
    public let promise: String
    /// On how many configurations the promise was put to the test.
    public internal(set) var cases = 0
    /// The configurations on which it is broken.
    public internal(set) var failures: [Failure] = []
  }

  /// A broken promise.
  public struct Failure: Hashable, Sendable {
    /// The name of the configuration; empty for the kind as a whole.
    public let example: String
    /// What is wrong: the tensor, the place and the numbers.
    public let detail: String
  }

  /// Whether every promise that was put to the test is kept, and at least one was.
  public var conforms: Bool {
    results.contains { $0.cases > 0 } && results.allSatisfy(\.failures.isEmpty)
  }
}

extension ConformanceReport: CustomStringConvertible {
  /// The broken promises, one paragraph each, or one line that says how much was checked.
  public var description: String {
    let broken = results.filter { !$0.failures.isEmpty }
    guard !broken.isEmpty else {
      let cases = results.reduce(0) { $0 + $1.cases }
      return "\(kind): \(results.count) checks hold on \(cases) cases"
    }
    return broken.map { result in
      let failures = result.failures.map { failure in
        "  " + (failure.example.isEmpty ? "" : "“\(failure.example)”: ") + failure.detail
      }
      return (["\(kind) breaks `\(result.check)`: \(result.promise)"] + failures)
        .joined(separator: "\n")
    }
    .joined(separator: "\n")
  }
}
