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
  ///
  /// Without `derivatives`, backward passes are held against the best derivative that the kind
  /// offers: its definition in dual numbers, or differences of its forward pass.
  public static func report(
    on definition: LayerDefinition, checks: [ConformanceCheck] = ConformanceCheck.all,
    derivatives: DerivativeSource? = nil
  ) -> ConformanceReport {
    var report = ConformanceReport(kind: definition.signature.kind)
    let subjects = Subject.all(of: definition, source: derivatives)
    report.derivatives = subjects.first?.source
    let refused = Subject.refused(of: definition)
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
        result.smallest = subjects.first { subject in
          result.failures.contains { $0.example == subject.example.name }
        }.flatMap { smallestCase(of: $0, breaking: run) }
      }
      report.results.append(result)
    }
    return report
  }

  /// Whether the layer refuses the shapes that it cannot compute, so that others may be tried.
  private static func keepsItsShapes(_ subject: Subject) -> Bool {
    ConformanceCheck.shapes.allSatisfy { check in
      guard case .accepted(let run) = check.scope else { return true }
      if case .holds? = try? run(subject) { return true } else { return false }
    }
  }

  /// The simplest case that breaks a promise which a larger one breaks; nil if none is simpler.
  private static func smallestCase(
    of subject: Subject, breaking run: (Subject) throws -> ConformanceCheck.Outcome
  ) -> ConformanceReport.Failure? {
    guard keepsItsShapes(subject) else { return nil }
    var detail: String?
    let example = subject.example.shrunk { example in
      guard let simpler = try? Subject(subject.definition, example, source: subject.source),
        simpler.isComputable, case .broken(let text)? = try? run(simpler)
      else { return false }
      detail = text
      return true
    }
    return detail.map { .init(example: example.name, detail: $0) }
  }

  /// What a check says; an error that it throws on the way is a broken promise as well.
  private static func outcome(
    _ run: () throws -> ConformanceCheck.Outcome
  ) -> ConformanceCheck.Outcome {
    do {
      return try run()
    } catch let failure as LayerFailure {
      return .broken("the layer breaks down: \(failure)")
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
    case .holdsExcept(let detail):
      cases += 1
      exceptions.append(.init(example: example, detail: detail))
    case .broken(let detail):
      cases += 1
      failures.append(.init(example: example, detail: detail))
    }
  }
}
