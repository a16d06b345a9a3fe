import Diagnosis
import LayerKit
import Tensors

/// Why a tensor differs, as members of its JSON record.
extension JSONObject {
  /// Adds `cause`, `causes`, `blame`, `confidence` and `diagnosis`, null where nothing is known.
  mutating func add(_ diagnosis: TensorDiagnosis?, shape: Shape?, framework: Framework?) {
    add("cause", diagnosis?.causeID)
    add("causes", diagnosis?.causes.map(\.id) ?? [])
    add("blame", diagnosis?.arbitration?.blame?.rawValue)
    add("confidence", diagnosis?.confidence.rawValue)
    add("diagnosis", raw: diagnosis.map { Self.details($0, shape, framework).text } ?? "null")
  }

  private static func details(
    _ diagnosis: TensorDiagnosis, _ shape: Shape?, _ framework: Framework?
  ) -> JSONObject {
    var object = JSONObject()
    let causes = diagnosis.causes.map { record($0, framework).text }
    object.add("causes", raw: "[" + causes.joined(separator: ",") + "]")
    object.add("indistinguishable", diagnosis.indistinguishable.map(\.id))
    object.add("unidentified", raw: diagnosis.portrait.map { record($0).text } ?? "null")
    object.add(
      "arbitration", raw: diagnosis.arbitration.map { record($0, shape).text } ?? "null")
    return object
  }

  private static func record(_ cause: NamedCause, _ framework: Framework?) -> JSONObject {
    var object = JSONObject()
    object.add("id", cause.id)
    object.add("detail", cause.detail)
    object.add("factor", cause.factor)
    object.add("residual", cause.residual)
    object.add("effect", cause.effect)
    object.add("advice", cause.advice)
    object.add("remedy", framework.flatMap { cause.remedies[$0] })
    object.add("shown_by", cause.shownBy)
    return object
  }

  private static func record(_ portrait: ErrorPortrait) -> JSONObject {
    var object = JSONObject()
    object.add("wrong", portrait.count.wrong)
    object.add("regions", portrait.regions)
    object.add("texture", portrait.texture)
    object.add("factor", portrait.factor)
    object.add("largest_index", portrait.largest?.index)
    object.add("largest_error", portrait.largest?.error)
    let nearest = portrait.nearest.map { candidate in
      var object = JSONObject()
      object.add("id", candidate.id)
      object.add("detail", candidate.detail)
      object.add("remaining", candidate.remaining)
      return object.text
    }
    object.add("nearest", raw: "[" + nearest.joined(separator: ",") + "]")
    return object
  }

  private static func record(_ arbitration: Arbitration, _ shape: Shape?) -> JSONObject {
    var object = JSONObject()
    object.add("blame", arbitration.blame?.rawValue)
    object.add("basis", arbitration.basis.rawValue)
    object.add("reason", arbitration.reason)
    let elements = arbitration.elements.map { element in
      var object = JSONObject()
      let index = shape.flatMap { element.offset < $0.count ? $0.index(at: element.offset) : nil }
      object.add("index", index)
      object.add("ours", element.ours)
      object.add("reference", element.reference)
      object.add("definition", element.definition)
      object.add("bound", element.bound)
      return object.text
    }
    object.add("elements", raw: "[" + elements.joined(separator: ",") + "]")
    return object
  }
}

extension TensorDiagnosis {
  /// The id that the report names: the headline, or `unidentified`; nil where several fit.
  var causeID: String? {
    headline?.id ?? (causes.isEmpty ? Self.unidentified : nil)
  }
}
