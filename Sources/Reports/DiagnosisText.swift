import Diagnosis
import LayerKit
import Tensors
import Text

/// What a person reads about why tensors differ: each cause once, with all tensors that it explains.
struct DiagnosisText {
  private let style: TerminalStyle
  private let framework: Framework?

  /// Prepares to explain in the words of a framework; nil for none.
  init(_ style: TerminalStyle, framework: Framework?) {
    self.style = style
    self.framework = framework
  }

  /// The lines about the tensors of one layer.
  func lines(_ tensors: [TensorReport]) -> [String] {
    var told: Set<String> = []
    return tensors.flatMap { tensor -> [String] in
      guard let diagnosis = tensor.diagnosis else { return [] }
      guard let cause = diagnosis.headline else { return unnamed(diagnosis, of: tensor) }
      guard told.insert(cause.id).inserted else { return [] }
      let explained = tensors.filter { $0.diagnosis?.headline?.id == cause.id }
      return named(cause, explained)
    }
  }

  // MARK: A cause

  private func named(_ cause: NamedCause, _ tensors: [TensorReport]) -> [String] {
    let names = tensors.map(\.label).joined(separator: ", ")
    var lines = ["cause of \(names): \(style.bold(cause.id))"]
    lines.append("  \(cause.advice)\(remarks(cause))")
    if let framework, let remedy = cause.remedies[framework] {
      lines.append("  in \(framework.title): \(remedy)")
    }
    if cause.effect > 0 { lines.append(style.dim("  proof: \(proof(cause))")) }
    return lines + blame(tensors)
  }

  private func remarks(_ cause: NamedCause) -> String {
    let factor = cause.factor.map { "and times \(NumberText.exact($0))" }
    let parts = [cause.detail.map { UntrustedText($0).terminal }, factor].compactMap { $0 }
    return parts.isEmpty ? "" : " (\(parts.joined(separator: ", ")))"
  }

  private func proof(_ cause: NamedCause) -> String {
    let left = "\(NumberText.share(cause.residual)) of the bound of rounding"
    guard cause.effect.isFinite else {
      return "with this mistake the largest error left is \(left)"
    }
    return "with this mistake the largest error left is \(left); "
      + "the mistake moves elements by up to \(NumberText.share(cause.effect)) that bound"
  }

  // MARK: No single cause

  private func unnamed(_ diagnosis: TensorDiagnosis, of tensor: TensorReport) -> [String] {
    let fitting = diagnosis.indistinguishable
    guard fitting.isEmpty else {
      let names = fitting.map(\.id).joined(separator: " from ")
      var lines = [
        "cause of \(tensor.label): one of \(fitting.count), this fixture cannot tell \(names)"
      ]
      for cause in fitting {
        let shown = cause.shownBy.map { "; only it shows with \($0)" } ?? ""
        lines.append("  \(cause.id): \(cause.advice)\(remarks(cause))\(shown)")
      }
      return lines + blame([tensor])
    }
    guard let portrait = diagnosis.portrait else { return blame([tensor]) }
    var lines = ["cause of \(tensor.label): \(style.bold(TensorDiagnosis.unidentified))"]
    let wrong = "\(Figure.grouped(portrait.count.wrong)) of \(Figure.grouped(portrait.count.all))"
    let places = portrait.regions.isEmpty ? "" : ", \(portrait.regions.joined(separator: ", "))"
    lines.append("  the error: \(wrong) elements\(places), \(portrait.texture)")
    if let factor = portrait.factor {
      lines.append(
        "  the reference is closest to \(NumberText.factor(factor)) times the right result")
    }
    for candidate in portrait.nearest {
      let detail = candidate.detail.map { " (\(UntrustedText($0).terminal))" } ?? ""
      lines.append(
        "  candidate \(candidate.id)\(detail), not proven: leaves "
          + "\(NumberText.share(candidate.remaining)) of the error")
    }
    return lines + blame([tensor])
  }

  // MARK: Who is wrong

  private func blame(_ tensors: [TensorReport]) -> [String] {
    var told: Set<String> = []
    return tensors.flatMap { tensor -> [String] in
      guard let arbitration = tensor.diagnosis?.arbitration else { return [] }
      let who = words(arbitration)
      let key = tensors.count > 1 ? who : ""
      guard told.insert(key).inserted else { return [] }
      var lines = ["  \(who)"]
      if let element = arbitration.elements.first, let shape = tensor.shape,
        element.offset < shape.count
      {
        lines.append(
          style.dim(
            "  at \(shape.index(at: element.offset)): ours \(NumberText.exact(element.ours)), "
              + "reference \(NumberText.exact(element.reference)), "
              + "\(basis(arbitration.basis)) \(NumberText.exact(element.definition))"))
      }
      return lines
    }
  }

  private func words(_ arbitration: Arbitration) -> String {
    let reason = arbitration.reason.map { ": \($0)" } ?? ""
    switch arbitration.blame {
    case .reference:
      return "wrong: the reference, by \(basis(arbitration.basis))\(reason)"
    case .ours: return "wrong: this side, by \(basis(arbitration.basis))\(reason)"
    case .nobody: return "nobody is wrong\(reason)"
    case nil: return "who is wrong stays open\(reason)"
    }
  }

  private func basis(_ basis: Arbitration.Basis) -> String {
    switch basis {
    case .definition: "the definition"
    case .derivative: "the definition's exact derivative"
    case .differences: "differences of the forward pass"
    }
  }
}
