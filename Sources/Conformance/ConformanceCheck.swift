import LayerKit

/// One promise that every kind of layer keeps, and the code that holds a kind to it.
public struct ConformanceCheck: Sendable {
  /// The stable name of the check, for reports and for `--check`.
  public let id: String
  /// What is promised, as a sentence without a final period.
  public let promise: String

  let scope: Scope

  /// What the check is run on.
  enum Scope: Sendable {
    /// The kind as a whole, once.
    case kind(@Sendable (LayerDefinition) -> Outcome)
    /// Each configuration that must work.
    case accepted(@Sendable (Subject) throws -> Outcome)
    /// Each configuration that must be refused.
    case refused(@Sendable (LayerDefinition, LayerExample) -> Outcome)
  }

  /// What came out for one configuration.
  enum Outcome: Sendable {
    /// The promise was put to the test and kept.
    case holds
    /// It was kept wherever it was put to the test; the text says where it was not.
    case holdsExcept(String)
    /// The promise says nothing about this configuration.
    case notApplicable
    /// It is broken; the text says where, and with which numbers.
    case broken(String)
  }

  init(_ id: String, _ promise: String, _ scope: Scope) {
    self.id = id
    self.promise = promise
    self.scope = scope
  }
}

extension ConformanceCheck {
  /// All checks, in the order in which they are run: what others rely on comes first.
  public static let all: [ConformanceCheck] =
    declarations + shapes + values + results + derivatives + bounds + symmetries
}
