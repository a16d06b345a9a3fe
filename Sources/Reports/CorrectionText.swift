import Text

/// What a person reads about a network that was run again with its differing tensors corrected.
enum CorrectionText {
  static func lines(_ report: CorrectionReport, _ style: TerminalStyle) -> [String] {
    guard !report.corrections.isEmpty else {
      return ["nothing to correct: no tensor differs by itself"]
    }
    var lines = ["the network as a whole once more, with what differs by itself corrected:"]
    for (position, applied) in report.corrections.enumerated() {
      lines.append(
        "  \(label(applied.layer, applied.path)): \(style.bold(applied.cause)), "
          + words(applied.means) + agreement(applied))
      let echoes = report.rows.filter { $0.explainedBy.contains(position) }
      guard !echoes.isEmpty else { continue }
      let shown = echoes.prefix(8).map { label($0.layer, $0.path) }.joined(separator: ", ")
      let more = echoes.count > 8 ? " and \(echoes.count - 8) more" : ""
      let layer = UntrustedText(applied.layer.name).terminal
      lines.append(
        "    \(echoes.count) explained by \(layer): \(applied.cause): \(shown)\(more)")
    }
    lines.append("  " + counts(report, style))
    for row in report.rows where row.wasOff && !row.isExplained {
      lines.append(
        "  still off: \(label(row.layer, row.path)), by \(NumberText.short(row.after)) "
          + "(before \(NumberText.short(row.before)), rounding \(NumberText.short(row.limit)))")
    }
    if report.putOff > 0 {
      lines.append(
        "  \(report.putOff) others agree without the corrections and not with them: the reference did "
          + "not go on with the wrong numbers that it recorded")
    }
    return lines
  }

  private static func counts(_ report: CorrectionReport, _ style: TerminalStyle) -> String {
    let total = report.explained + report.unexplained
    guard total > 0 else { return "no other tensor lay off by more than rounding" }
    let text =
      "\(report.explained) of \(total) other tensors that lay off by more than rounding "
      + "now agree"
    return report.unexplained == 0 ? style.green(text) : style.yellow(text)
  }

  private static func label(_ layer: LayerFacts, _ path: String) -> String {
    "\(UntrustedText(layer.name).terminal) \(UntrustedText(path).terminal)"
  }

  private static func words(_ means: CorrectionReport.Means) -> String {
    switch means {
    case .replayed: "the mistake made on this run's own numbers"
    case .definition: "computed by the definition, since this side is wrong"
    case .recorded: "the recorded numbers put in, since the cause cannot be computed anew"
    case .none: "cannot be corrected in this run"
    }
  }

  private static func agreement(_ applied: CorrectionReport.Applied) -> String {
    // Recorded numbers agree with themselves, which says nothing.
    guard applied.means == .replayed || applied.means == .definition else { return "" }
    return applied.agrees == true ? ", agrees" : ", still off"
  }
}
