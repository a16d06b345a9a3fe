import Diagnosis
import Discrepancy
import LayerKit
import Tensors
import Text

/// The report for programs: one JSON object a line, as things happen.
///
/// Fields are only ever added; `schema` counts breaking changes. The report holds no times and
/// no thread counts: the same fixture gives the same bytes.
public struct JSONReport<Output: TextOutput>: EventSink {
  private var output: Output
  private let version: String
  /// The framework of the fixture at hand, in whose words remedies are told.
  private var framework: Framework?

  /// Makes a report of the given version of the toolkit.
  public init(to output: Output, version: String) {
    self.output = output
    self.version = version
  }

  public mutating func receive(_ event: Event) throws {
    switch event {
    case .fixture(let facts):
      framework = facts.producer.flatMap { Framework(producer: $0) }
      try write(run(facts))
    case .layer(let report): for record in records(report) { try write(record) }
    case .explanation(let explanation): try write(record(explanation))
    case .adequacy(let adequacy): try write(record(adequacy))
    case .correction(let correction): for record in records(correction) { try write(record) }
    case .warning(let warning): try write(record("warning", warning))
    case .note(let note): try write(record("note", note))
    case .unusable(let fixture, let problems): try write(record(fixture, problems))
    case .summary(let summary): try write(record(summary))
    case .arrays, .caseBegan, .progress: break
    }
  }

  private mutating func write(_ object: JSONObject) throws { try output.write(object.text + "\n") }

  private func run(_ facts: FixtureFacts) -> JSONObject {
    var object = JSONObject()
    object.add("record", "run")
    object.add("schema", 1)
    object.add("version", version)
    object.add("fixture", facts.path)
    object.add("producer", facts.producer)
    object.add("provenance", facts.provenance)
    object.add("sha256", facts.sha256)
    object.add("cases", facts.cases)
    if let other = facts.comparedWith {
      object.add("compared_with", other)
      object.add("limit", facts.limit)
    }
    if let arrays = facts.arrays { object.add("arrays", arrays) }
    return object
  }

  private func records(_ report: LayerReport) -> [JSONObject] {
    var records = report.tensors.map { tensor($0, of: report.layer) }
    records += report.chained.map { chained($0, of: report.layer) }
    var layer = head("layer", report.layer)
    layer.add("verdict", report.verdict.rawValue)
    layer.add("source", report.layer.source)
    layer.add("expected_failure", report.layer.expectedFailure)
    layer.add("tensors", report.tensors.count)
    let spots = report.blindSpots.map { spot in
      var object = JSONObject()
      object.add("reason", spot.reason)
      object.add("hides", spot.hides)
      return object.text
    }
    layer.add("blind_spots", raw: "[" + spots.joined(separator: ",") + "]")
    return records + [layer]
  }

  private func head(_ record: String, _ layer: LayerFacts) -> JSONObject {
    var object = JSONObject()
    object.add("record", record)
    object.add("fixture", layer.fixture)
    object.add("case", layer.caseName)
    object.add("layer", layer.name)
    object.add("kind", layer.kind)
    return object
  }

  private func tensor(_ tensor: TensorReport, of layer: LayerFacts) -> JSONObject {
    var object = head("tensor", layer)
    object.add("tensor", tensor.path)
    object.add("against", tensor.reference)
    object.add("mode", tensor.mode.rawValue)
    object.add("verdict", tensor.verdict.rawValue)
    object.add("shape", tensor.shape?.extents)
    object.add("reason", tensor.reason?.sentence)
    add(tensor.comparison, shape: tensor.shape, to: &object)
    object.add("terms", tensor.terms)
    object.add("detectable_term", tensor.detectableTerm)
    if let limit = tensor.limit { add(limit, tensor, to: &object) }
    object.add("source", layer.source)
    object.add(tensor.diagnosis, shape: tensor.shape, framework: framework)
    return object
  }

  /// The figures, null throughout where nothing was compared.
  private func add(_ found: Comparison?, shape: Shape?, to object: inout JSONObject) {
    object.add("max_abs", found?.maxAbsolute)
    object.add("max_rel", found?.maxRelative)
    object.add("max_ulp", found?.maxUlps)
    object.add("bound_ratio", found?.boundRatio)
    object.add("magnitude_ratio", found?.magnitudeRatio)
    object.add("worst_index", found?.worst.flatMap { shape?.index(at: $0.offset) })
    object.add("ours", found?.worst?.ours)
    object.add("reference", found?.worst?.reference)
    object.add("bound", found?.worst?.bound)
    object.add("count", found?.count)
    object.add("informative", found?.informative)
    object.add("beyond_bound", found?.beyondBound)
    object.add("beyond_band", found?.beyondBand)
    object.add("unproven", found?.unproven)
    object.add("invalid", found?.invalid)
    object.add("first_index", found?.firstBeyond.flatMap { shape?.index(at: $0.offset) })
  }

  /// What only a comparison of two files tells.
  private func add(_ limit: String, _ tensor: TensorReport, to object: inout JSONObject) {
    object.add("limit", limit)
    object.add("equal_nan", tensor.comparison?.equalNaNs)
    object.add("zero_signs", tensor.comparison?.zeroSigns)
    if let texts = tensor.differingTexts {
      object.add("texts", raw: "[\(texts.a.json),\(texts.b.json)]")
    }
  }

  private func chained(_ chained: ChainedReport, of layer: LayerFacts) -> JSONObject {
    var object = head("tensor", layer)
    object.add("tensor", chained.path)
    object.add("against", "reference")
    object.add("mode", "chained")
    object.add("verdict", chained.verdict.rawValue)
    object.add("max_abs", chained.deviation.maxAbsolute)
    object.add("max_rel_norm", chained.deviation.relative)
    object.add("inherited_from", chained.origin)
    return object
  }

  private func records(_ report: CorrectionReport) -> [JSONObject] {
    let applied = report.corrections.map { applied in
      var object = head("correction", applied.layer)
      object.add("tensor", applied.path)
      object.add("cause", applied.cause)
      object.add("means", applied.means.rawValue)
      object.add("agrees", applied.agrees)
      return object
    }
    return applied
      + report.rows.map { row in
        var object = head("tensor", row.layer)
        object.add("tensor", row.path)
        object.add("against", "reference")
        object.add("mode", "corrected")
        object.add("verdict", (row.isExplained ? Verdict.agree : .inherited).rawValue)
        object.add("max_abs", row.after)
        object.add("max_abs_before", row.before)
        object.add("bound", row.limit)
        object.add(
          "explained_by",
          row.explainedBy.map { position in
            let applied = report.corrections[position]
            return "\(applied.layer.name): \(applied.cause)"
          })
        return object
      }
  }

  private func record(_ adequacy: AdequacyReport) -> JSONObject {
    var object = head("adequacy", adequacy.layer)
    object.add("visible", adequacy.visible)
    let hidden = adequacy.hidden.map { mistake in
      var object = JSONObject()
      object.add("id", mistake.id)
      object.add("reason", mistake.reason)
      object.add("shown_by", mistake.shownBy)
      return object.text
    }
    object.add("hidden", raw: "[" + hidden.joined(separator: ",") + "]")
    object.add("reason", adequacy.reason)
    return object
  }

  private func record(_ explanation: LayerExplanation) -> JSONObject {
    var object = head("explanation", explanation.layer)
    object.add("formula", explanation.formula)
    object.add("hyperparameters", object: explanation.settings.map { ($0.name, $0.value.json) })
    object.add(
      "shapes", object: explanation.shapes.map { ($0.path, $0.shape.extents.json) })
    let gradients = explanation.gradients.map { gradient in
      var object = JSONObject()
      object.add("role", gradient.role.rawValue)
      object.add("name", gradient.name)
      object.add("ours", raw: gradient.ours.map { summary($0).text } ?? "null")
      object.add("reference", raw: gradient.reference.map { summary($0).text } ?? "null")
      object.add("worst_index", gradient.worst)
      return object.text
    }
    object.add("gradients", raw: "[" + gradients.joined(separator: ",") + "]")
    object.add("reason", explanation.reason)
    return object
  }

  private func summary(_ tensor: TensorSummary) -> JSONObject {
    var object = JSONObject()
    object.add("min", tensor.minimum)
    object.add("max", tensor.maximum)
    object.add("mean", tensor.mean)
    object.add("norm", tensor.norm)
    object.add("zeros", tensor.zeros)
    object.add("count", tensor.count)
    return object
  }

  private func record(_ kind: String, _ warning: Warning) -> JSONObject {
    var object = JSONObject()
    object.add("record", kind)
    object.add("id", warning.id)
    object.add("text", warning.text)
    return object
  }

  private func record(_ fixture: String, _ problems: [String]) -> JSONObject {
    var object = JSONObject()
    object.add("record", "error")
    object.add("fixture", fixture)
    object.add("problems", problems)
    return object
  }

  private func record(_ summary: Summary) -> JSONObject {
    var object = JSONObject()
    object.add("record", "summary")
    object.add("status", summary.isInterrupted ? "incomplete" : "complete")
    object.add("exit", summary.exitStatus)
    object.add("fixtures", summary.fixtures)
    object.add("layers", summary.layers)
    // Isolated tensors are inherited only where two fixtures are compared.
    for verdict in Verdict.allCases where verdict != .inherited || summary.count(verdict) > 0 {
      object.add(verdict.rawValue, summary.count(verdict))
    }
    let causes = summary.causes.map { cause in
      var object = JSONObject()
      object.add("id", cause.id)
      object.add("tensors", cause.tensors)
      object.add("layers", cause.layers)
      return object.text
    }
    object.add("causes", raw: "[" + causes.joined(separator: ",") + "]")
    if let corrected = summary.corrected {
      object.add("corrections", corrected.corrections)
      object.add("explained_by_corrections", corrected.explained)
      object.add("unexplained_by_corrections", corrected.unexplained)
      object.add("put_off_by_corrections", corrected.putOff)
    }
    return object
  }
}
