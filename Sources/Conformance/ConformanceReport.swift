import LayerKit

/// What the kit found about one kind of layer.
public struct ConformanceReport: Sendable {
  /// The kind that was examined.
  public let kind: String
  /// What its backward pass was held against; nil where no configuration works.
  public internal(set) var derivatives: DerivativeSource?
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
    /// The simplest configuration that was found on which it is broken as well, and how.
    public internal(set) var smallest: Failure?
    /// What could not be put to the test on configurations on which the promise is kept.
    public internal(set) var exceptions: [Failure] = []
  }

  /// A broken promise, or one that could not be put to the test.
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
      let smallest = result.smallest.map { "  smallest case, \($0.example): \($0.detail)" }
      let promise = "\(kind) breaks `\(result.check)`: \(result.promise)"
      return ([promise] + failures + [smallest].compactMap { $0 }).joined(separator: "\n")
    }
    .joined(separator: "\n")
  }
}
