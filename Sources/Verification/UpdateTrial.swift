import Diagnosis
import Discrepancy
import Interchange
import LayerKit
import Network
import Reports
import Tensors
import Text

/// The optimiser's step of the parameters that stand with one layer, computed from the
/// reference's own parameters, gradients and state, and held against what the reference made.
struct UpdateTrial {
  private let fixtureCase: FixtureCase
  private let position: Int
  private let options: VerificationOptions

  init(_ fixtureCase: FixtureCase, at position: Int, options: VerificationOptions) {
    self.fixtureCase = fixtureCase
    self.position = position
    self.options = options
  }

  private var layer: FixtureLayer { fixtureCase.layers[position] }

  /// A result of the step, and what the reference has for it.
  private typealias Recorded = (path: String, result: ParameterStep.Result, stored: StoredTensor)

  /// Everything found about updated parameters and the state after the step.
  func run() -> [TensorReport] {
    names.flatMap { name in
      let use = ParameterUse(layer: position, name: name)
      return run(use, sharing: sharing(use))
    }
  }

  /// The elements of one result that was judged, computed again; nil where there are none.
  func arrays(of report: TensorReport, _ facts: LayerFacts) throws -> ComparedArrays? {
    let isTwin = report.reference == "reference_f64"
    guard let update = fixtureCase.update, let tree = isTwin ? layer.twin : layer.reference else {
      return nil
    }
    for name in names {
      let use = ParameterUse(layer: position, name: name)
      let found = results(of: use, tree, isTwin: isTwin).first { $0.path == report.path }
      guard let found else { continue }
      let operands = StepOperands(
        fixtureCase, update, use, sharing: sharing(use), isTwin: isTwin)
      guard operands.problem == nil else { return nil }
      return try step(of: use, update, operands, isTwin: isTwin)
        .arrays(found.result, found.stored, report, facts)
    }
    return nil
  }

  /// All uses of the parameter that a use is one of.
  private func sharing(_ use: ParameterUse) -> [ParameterUse] {
    fixtureCase.parameterUses.first { $0.contains(use) } ?? [use]
  }

  /// The parameters that a result of the step stands with, or should.
  private var names: [String] {
    let trees = [layer.reference] + (layer.twin.map { [$0] } ?? [])
    return Set(trees.flatMap(\.updatedParameters.keys)).union(layer.parameters.keys).sorted()
  }

  private func run(_ use: ParameterUse, sharing uses: [ParameterUse]) -> [TensorReport] {
    let recorded = [(layer.reference, false)] + (layer.twin.map { [($0, true)] } ?? [])
    var reports: [TensorReport] = []
    for (tree, isTwin) in recorded {
      let results = results(of: use, tree, isTwin: isTwin)
      let root = isTwin ? "reference_f64" : "reference"
      guard !results.isEmpty else {
        if !isTwin, isMissing(uses) {
          reports.append(
            TensorReport(
              path: path(of: use), reference: root, verdict: .notCompared, reason: .absent))
        }
        continue
      }
      reports += judge(results, use, uses, root, isTwin: isTwin)
    }
    return reports
  }

  private func path(of use: ParameterUse) -> String { "updated_parameters/\(use.name)" }

  /// What a reference has of one parameter's step; the state after it stands with the usual one.
  private func results(
    of use: ParameterUse, _ tree: ReferenceTensors, isTwin: Bool
  ) -> [Recorded] {
    let slots = isTwin ? [:] : fixtureCase.update?.referenceState[use] ?? [:]
    let parameter: [Recorded] =
      tree.updatedParameters[use.name].map { [(path(of: use), .parameter, $0)] } ?? []
    return parameter
      + slots.sorted { $0.key < $1.key }.map {
        ("reference_state/\(use.name)/\($0.key)", .slot($0.key), $0.value)
      }
  }

  /// Whether there is a step, but no result of it for a parameter, which its first use tells.
  private func isMissing(_ uses: [ParameterUse]) -> Bool {
    guard fixtureCase.update != nil, uses.first?.layer == position else { return false }
    return uses.allSatisfy {
      let layer = fixtureCase.layers[$0.layer]
      return layer.reference.updatedParameters[$0.name] == nil
        && layer.twin?.updatedParameters[$0.name] == nil
    }
  }

  private func judge(
    _ results: [Recorded], _ use: ParameterUse, _ uses: [ParameterUse], _ root: String, isTwin: Bool
  ) -> [TensorReport] {
    func notCompared(_ reason: TensorReport.Reason) -> [TensorReport] {
      results.map {
        TensorReport(path: $0.path, reference: root, verdict: .notCompared, reason: reason)
      }
    }
    guard let update = fixtureCase.update else { return notCompared(.inputAbsent("/optimizer")) }
    let operands = StepOperands(fixtureCase, update, use, sharing: uses, isTwin: isTwin)
    if let reason = operands.problem { return notCompared(reason) }
    do {
      let step = try step(of: use, update, operands, isTwin: isTwin)
      return try results.map { path, result, stored in
        var report = step.report(path, result, stored, against: root)
        guard options.isDiagnosed, report.verdict.isFailure, report.comparison != nil else {
          return report
        }
        let forgotten = try forgottenUse(of: use, uses, result, stored, isTwin: isTwin, update)
        report.diagnosis = try forgotten ?? step.diagnosis(of: result, stored)
        return report
      }
    } catch {
      return notCompared(.unusable(error))
    }
  }

  /// Where several layers share a parameter: whether the step was made from the gradient of one.
  private func forgottenUse(
    of use: ParameterUse, _ uses: [ParameterUse], _ result: ParameterStep.Result,
    _ stored: StoredTensor, isTwin: Bool, _ update: FixtureUpdate
  ) throws -> TensorDiagnosis? {
    guard uses.count > 1 else { return nil }
    for single in uses {
      let operands = StepOperands(
        fixtureCase, update, use, sharing: uses, isTwin: isTwin, from: [single])
      guard operands.problem == nil else { continue }
      let step = try ParameterStep(update.optimizer, operands, as: Double.self)
      let found = step.report("", result, stored, against: "")
      guard found.verdict == .agree || found.verdict == .warn else { continue }
      let name = UntrustedText(fixtureCase.layers[single.layer].name).terminal
      return TensorDiagnosis(
        causes: [
          NamedCause(
            id: NetworkCause.sharedParameterNotSummed,
            advice: "the gradient of a shared parameter is the sum over all layers that use it",
            remedies: [
              .torch: "share the module, or the `Parameter` itself; a copy has a `.grad` of its own"
            ], detail: "the step uses the gradient of `\(name)` alone",
            residual: found.comparison?.boundRatio ?? 0, effect: .infinity)
        ],
        arbitration: Arbitration(
          blame: .reference, basis: .definition, elements: [],
          reason: "the step from the sum of \(uses.count) gradients is another one"))
    }
    return nil
  }

  private func step(
    of use: ParameterUse, _ update: FixtureUpdate, _ operands: StepOperands, isTwin: Bool
  ) throws -> ParameterStep {
    let isSingle =
      options.precision == .float32
      || options.precision == .reference && !isTwin
        && layer.parameters[use.name]?.format != .float64
    return isSingle
      ? try ParameterStep(update.optimizer, operands, as: Float.self)
      : try ParameterStep(update.optimizer, operands, as: Double.self)
  }
}
