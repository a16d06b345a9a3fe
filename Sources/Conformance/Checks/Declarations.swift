// What a kind declares: its examples and its hyper-parameters.

import LayerKit

extension ConformanceCheck {
  static let declarations: [ConformanceCheck] = [
    ConformanceCheck(
      "examples", "there are configurations that work and configurations that are refused",
      .kind(hasExamples)),
    ConformanceCheck(
      "refusals", "a configuration that does not fit is refused, for the reason that is declared",
      .refused(isRefused)),
    ConformanceCheck(
      "unknown-hyperparameter", "a hyper-parameter that nobody knows is refused by its name",
      .accepted(refusesUnknown)),
    ConformanceCheck(
      "hyperparameter-forms",
      "a number may be written as an integer or a real, a truth value as 0 or 1, a single value as "
        + "an array of one: the results are the same bits", .accepted(readsEveryForm)),
    ConformanceCheck(
      "hyperparameter-nonsense",
      "a hyper-parameter that makes no sense is refused, or changes no number",
      .accepted(refusesNonsense)),
  ]

  private static func hasExamples(_ definition: LayerDefinition) -> Outcome {
    let accepted = definition.examples.filter { $0.problem == nil }
    guard !accepted.isEmpty else { return .broken("no example works: declare one that does") }
    guard accepted.count < definition.examples.count else {
      return .broken("no example is refused: declare one, with its problem")
    }
    for example in accepted {
      do {
        let layer = try definition.layer(example.hyperparameters)
        _ = try layer.outputShapes(example.shapes)
      } catch {
        return .broken("the example “\(example.name)” is refused: it \(reasons(error))")
      }
    }
    return .holds
  }

  private static func isRefused(_ definition: LayerDefinition, _ example: LayerExample) -> Outcome {
    guard let expected = example.problem else { return .notApplicable }
    do {
      _ = try definition.layer(example.hyperparameters).outputShapes(example.shapes)
      return .broken("it is accepted; declared is: \(expected)")
    } catch let error as InvalidHyperparameters where matches(error.problems, expected) {
      return .holds
    } catch let problem as LayerProblem where matches([problem], expected) {
      return .holds
    } catch {
      return .broken("it is refused because it \(reasons(error)); declared is: \(expected)")
    }
  }

  /// Whether the only problem is the one that is declared.
  ///
  /// A kind of a shared library declares words of the sentence.
  private static func matches(_ found: [LayerProblem], _ expected: LayerProblem) -> Bool {
    if found == [expected] { return true }
    guard case .other(let words) = expected, !words.isEmpty, found.count == 1 else { return false }
    return found[0].description.contains(words)
  }

  private static func refusesUnknown(_ subject: Subject) -> Outcome {
    var stated = subject.example.hyperparameters
    let name = "no_such_hyperparameter"
    stated[name] = 1
    do {
      _ = try subject.definition.layer(stated)
      return .broken("`\(name)` is accepted: read every hyper-parameter by its name")
    } catch {
      let isNamed = error.problems.contains {
        if case .unknownHyperparameter(name, _) = $0 { true } else { false }
      }
      return isNamed ? .holds : .broken("`\(name)` is not named in: \(reasons(error))")
    }
  }

  private static func readsEveryForm(_ subject: Subject) throws -> Outcome {
    let stated = subject.example.hyperparameters
    let forms = stated.mapValues(otherForm)
    guard forms != stated else { return .notApplicable }
    let operands = subject.operands(seed: 11)
    let other: AnyLayer
    do {
      other = try subject.definition.layer(forms)
      _ = try other.outputShapes(operands.shapes)
    } catch {
      return .broken("the same hyper-parameters in other forms are refused: it \(reasons(error))")
    }
    let (expected, found) = (
      Computation(try subject.layer.double.forward(operands)),
      Computation(try other.double.forward(operands))
    )
    return expected.firstDifference(from: found).map {
      .broken("\($0) when the hyper-parameters are written as \(forms)")
    } ?? .holds
  }

  /// Another way to write the same value.
  private static func otherForm(_ value: HyperparameterValue) -> HyperparameterValue {
    switch value {
    case .boolean(let flag): .integer(flag ? 1 : 0)
    case .integer(let number): .list([.real(Double(number))])
    case .real(let number): Int(exactly: number).map { .integer($0) } ?? .list([value])
    case .list(let elements): elements.count == 1 ? elements[0] : .list(elements.map(unlisted))
    case .text: value
    }
  }

  /// An element of a list, written otherwise; lists are not nested further.
  private static func unlisted(_ value: HyperparameterValue) -> HyperparameterValue {
    if case .integer(let number) = value { .real(Double(number)) } else { value }
  }

  private static func refusesNonsense(_ subject: Subject) throws -> Outcome {
    let stated = subject.example.hyperparameters
    guard !stated.isEmpty else { return .notApplicable }
    let operands = subject.operands(seed: 12)
    let expected = Computation(try subject.layer.double.forward(operands))
    for name in stated.keys.sorted() {
      var changed = stated
      changed[name] = "no such word"
      guard let other = try? subject.definition.layer(changed),
        (try? other.outputShapes(operands.shapes)) != nil
      else { continue }
      let found = Computation(try other.double.forward(operands))
      if let difference = expected.firstDifference(from: found) {
        return .broken("`\(name)` = \"no such word\" is accepted, and then \(difference)")
      }
    }
    return .holds
  }

  /// The sentences of an error about a layer.
  private static func reasons(_ error: any Error) -> String {
    guard let invalid = error as? InvalidHyperparameters else { return "\(error)" }
    return invalid.problems.map(\.description).joined(separator: "; it ")
  }
}
