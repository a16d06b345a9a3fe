import ArgumentParser
import Conformance
import LayerKit
import Tensors

/// `cnn-verify conform`: whether kinds of layers keep what every kind promises.
struct ConformCommand: LayerCommand {
  static let configuration = CommandConfiguration(
    commandName: "conform",
    abstract: "Hold kinds of layers to their own definitions.",
    discussion: """
      Each kind is tried on the examples that it declares: hyper-parameters, shapes, forward \
      against the definition, backward against the exact derivative of the definition (for shared \
      libraries against differences of the forward pass), and rounding against the declared \
      bound. Without arguments every kind is tried.

      EXIT STATUS
        0   every check holds
        1   a check is broken
        2   a plug-in could not be used
        64  wrong usage
      """)

  @Argument(help: "Kinds of layers, Conv2d; default all.")
  var kinds: [String] = []

  @Option(
    name: .customLong("check"),
    help: ArgumentHelp("Run this check only; may be repeated.", valueName: "id"))
  var checks: [String] = []

  @OptionGroup(title: "Plug-ins") var plugins: PluginSelection

  @Flag(help: "List the checks and what they promise.")
  var listChecks = false

  @Flag(name: .shortAndLong, help: "Show every check of every kind.")
  var verbose = false

  @OptionGroup var threads: ThreadOption

  func validate() throws {
    let known = ConformanceCheck.all.map(\.id)
    for id in checks where !known.contains(id) {
      throw ValidationError(
        "there is no check `\(id)`; the checks are \(known.joined(separator: ", "))")
    }
  }

  func run(with registry: LayerRegistry) throws -> Int32 {
    threads.apply()
    guard !listChecks else {
      for check in ConformanceCheck.all { print(pad(check.id) + check.promise) }
      return 0
    }
    let loaded = plugins.load(into: registry)
    loaded.showProblems()
    do {
      let status = try conform(loaded.registry)
      loaded.showWarnings()
      return loaded.problems.isEmpty ? status : 2
    } catch {
      // What is unknown may be what could not be loaded.
      guard !loaded.problems.isEmpty else { throw error }
      return 2
    }
  }

  private func conform(_ registry: LayerRegistry) throws -> Int32 {
    let definitions = try (kinds.isEmpty ? registry.kinds : kinds).map { kind in
      guard let definition = registry[kind] else {
        let hint = registry.closestKind(to: kind).map { "; did you mean `\($0)`?" }
        throw ValidationError("nobody registered the kind `\(kind)`\(hint ?? "")")
      }
      return definition
    }
    let selected = ConformanceCheck.all.filter { checks.isEmpty || checks.contains($0.id) }
    var progress = ProgressLine()
    var failing = 0
    for (index, definition) in definitions.enumerated() {
      progress.show("\(index + 1)/\(definitions.count) \(definition.signature.kind)")
      let report = ConformanceKit.report(on: definition, checks: selected)
      progress.clear()
      show(report)
      if !report.conforms { failing += 1 }
    }
    print(
      failing == 0
        ? "\(definitions.count) kinds conform"
        : "\(failing) of \(definitions.count) kinds do not conform")
    return failing == 0 ? 0 : 1
  }

  private func show(_ report: ConformanceReport) {
    let broken = report.results.filter { !$0.failures.isEmpty }
    let cases = report.results.reduce(0) { $0 + $1.cases }
    let verdict = report.conforms ? "conforms" : cases == 0 ? "nothing to check" : "BROKEN"
    let evidence = report.derivatives == .differences ? ", derivatives by finite differences" : ""
    print(
      pad(report.kind) + verdict + "  (\(report.results.count) checks, \(cases) cases\(evidence))")
    for result in verbose ? report.results : broken {
      let state = result.failures.isEmpty ? "holds on \(result.cases)" : "broken"
      print("  " + pad(result.check) + state)
      if !result.failures.isEmpty { print("    promised: \(result.promise)") }
      for failure in result.failures.prefix(verbose ? .max : 3) {
        print("    " + (failure.example.isEmpty ? "" : "“\(failure.example)”: ") + failure.detail)
      }
      if !verbose, result.failures.count > 3 {
        print("    … and \(result.failures.count - 3) more (--verbose shows them)")
      }
      if let smallest = result.smallest {
        print("    smallest case, \(smallest.example): \(smallest.detail)")
      }
      for exception in verbose ? result.exceptions : [] {
        print("    left out in “\(exception.example)”: \(exception.detail)")
      }
    }
  }

  private func pad(_ text: String) -> String {
    text + String(repeating: " ", count: max(1, 26 - text.count))
  }
}
