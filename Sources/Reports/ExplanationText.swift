import Text

/// An explanation of a layer as a person reads it.
enum ExplanationText {
  static func lines(_ explanation: LayerExplanation, _ style: TerminalStyle) -> [String] {
    let layer = explanation.layer
    let name = UntrustedText(layer.name).terminal
    let source = layer.source.map { ", called at " + UntrustedText($0).terminal } ?? ""
    var lines = [style.bold(name) + ", " + UntrustedText(layer.kind).terminal + source]
    if !explanation.formula.isEmpty {
      lines += ["  formula"]
      lines += explanation.formula.split(separator: "\n").map {
        "    " + UntrustedText(String($0)).terminal
      }
    }
    lines += section("hyper-parameters", explanation.settings.map { ($0.name, $0.value) })
    lines += section("shapes", explanation.shapes.map { ($0.path, "\($0.shape)") })
    if !explanation.gradients.isEmpty {
      lines += ["  gradients" + String(repeating: " ", count: 27) + header]
      lines += explanation.gradients.flatMap(rows)
    }
    if let reason = explanation.reason { lines.append("  no gradients: \(reason)") }
    return lines + [""]
  }

  private static func section(_ title: String, _ entries: [(String, String)]) -> [String] {
    guard !entries.isEmpty else { return [] }
    let width = entries.map(\.0.count).max() ?? 0
    return ["  " + title]
      + entries.map { name, value in
        "    " + padded(UntrustedText(name).terminal, width + 2) + UntrustedText(value).terminal
      }
  }

  // MARK: Gradients

  private static var header: String {
    ["min", "max", "mean", "norm"].map { padded($0, 10) }.joined() + padded("zeros", 9)
      + "most different at"
  }

  private static func rows(_ gradient: LayerExplanation.Gradient) -> [String] {
    let sides = [("ours", gradient.ours), ("reference", gradient.reference)]
    return sides.compactMap { side, summary -> String? in
      guard let summary else { return nil }
      let name = "\(gradient.role.rawValue) \(UntrustedText(gradient.name).terminal)"
      let worst = side == "ours" ? gradient.worst.map { "\($0)" } ?? "–" : ""
      return "    " + padded(name, 22) + padded(side, 10) + numbers(summary) + worst
    }
  }

  private static func numbers(_ summary: TensorSummary) -> String {
    [summary.minimum, summary.maximum, summary.mean, summary.norm].map {
      padded(NumberText.short($0), 10)
    }.joined() + padded(Figure.grouped(summary.zeros), 9)
  }

  private static func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(1, width - text.count))
  }
}
