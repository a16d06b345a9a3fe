public import LayerKit

/// Holds kinds of layers to what every kind promises.
///
/// The checks are generated from what a kind declares: its signature, its examples, its traits and
/// kinks. A kind of one's own is checked by one line in a test:
///
///     @Test func `Gain conforms`() throws { try ConformanceKit.check(Gain.self) }
public enum ConformanceKit {
  /// Runs all checks on a kind; throws `NonConformance` unless all of them hold.
  @inlinable
  public static func check<L: Layer>(_ kind: L.Type) throws(NonConformance) {
    try check(LayerDefinition(kind))
  }

  /// Runs all checks on a registered kind; throws `NonConformance` unless all of them hold.
  public static func check(_ definition: LayerDefinition) throws(NonConformance) {
    let report = report(on: definition)
    guard report.conforms else { throw NonConformance(report: report) }
  }

  /// Runs some checks on a kind and tells what was found.
  public static func report(
    on definition: LayerDefinition, checks: [ConformanceCheck] = ConformanceCheck.all
  ) -> ConformanceReport {
    var report = ConformanceReport(kind: definition.signature.kind)
    let (subjects, refused) = (Subject.all(of: definition), Subject.refused(of: definition))
    for check in checks {
      var result = ConformanceReport.CheckResult(check: check.id, promise: check.promise)
      switch check.scope {
      case .kind(let run):
        result.take(run(definition), example: "")
      case .refused(let run):
        for example in refused { result.take(run(definition, example), example: example.name) }
      case .accepted(let run):
        for subject in subjects {
          result.take(outcome { try run(subject) }, example: subject.example.name)
        }
      }
      report.results.append(result)
    }
    return report
  }

  /// What a check says; an error that it throws on the way is a broken promise as well.
  private static func outcome(
    _ run: () throws -> ConformanceCheck.Outcome
  ) -> ConformanceCheck.Outcome {
    do {
      return try run()
    } catch {
      return .broken("the layer refuses its own example: it \(error)")
    }
  }
}

/// A kind of layer that breaks a promise; its description says which, where and how.
public struct NonConformance: Error, CustomStringConvertible {
  /// What the kit found.
  public let report: ConformanceReport

  public var description: String { report.description }
}

extension ConformanceReport.CheckResult {
  fileprivate mutating func take(_ outcome: ConformanceCheck.Outcome, example: String) {
    switch outcome {
    case .notApplicable: return
    case .holds: cases += 1
    case .broken(let detail):
      cases += 1
      failures.append(.init(example: example, detail: detail))
    }
  }
}
