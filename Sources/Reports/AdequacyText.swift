import Text

/// What a layer's tensors would show, as a person reads it.
enum AdequacyText {
  static func lines(_ report: AdequacyReport, _ style: TerminalStyle) -> [String] {
    let name = style.bold(UntrustedText(report.layer.name).terminal)
    let kind = UntrustedText(report.layer.kind).terminal
    if let reason = report.reason { return ["\(name), \(kind): nothing is known, \(reason)"] }
    let total = report.visible.count + report.hidden.count
    var lines = ["\(name), \(kind): would show \(report.visible.count) of \(total) known mistakes"]
    // Mistakes that are hidden for one and the same reason share a line.
    var reasons: [String] = []
    var hidden: [String: [String]] = [:]
    for mistake in report.hidden {
      let reason = mistake.reason ?? mistake.shownBy.map { "shown by \($0)" } ?? "these data"
      if hidden[reason] == nil { reasons.append(reason) }
      hidden[reason, default: []].append(mistake.id)
    }
    for reason in reasons {
      let ids = (hidden[reason] ?? []).joined(separator: ", ")
      lines.append("    hidden (\(reason)): " + style.dim(UntrustedText(ids).terminal))
    }
    return lines
  }
}
