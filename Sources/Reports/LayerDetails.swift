import Discrepancy
import Tensors
import Text

/// What a person reads about tensors below the row of their layer.
enum LayerDetails {
  /// Tensors that lack figures for one and the same reason share a line.
  static func lines(_ tensors: [TensorReport], _ style: TerminalStyle) -> [String] {
    var told: Set<TensorReport.Reason> = []
    return tensors.flatMap { tensor in
      guard let reason = tensor.reason else { return lines(tensor, style) }
      guard told.insert(reason).inserted else { return [] }
      let names = tensors.filter { $0.reason == reason }.map(\.label)
      let verdict = tensor.verdict.rawValue
      return ["\(list(names)): \(verdict), \(reason.sentence)"]
    }
  }

  private static func list(_ names: [String]) -> String {
    let limit = 6
    let more = names.count > limit ? " and \(Figure.grouped(names.count - limit)) more" : ""
    return names.prefix(limit).joined(separator: ", ") + more
  }

  private static func lines(_ tensor: TensorReport, _ style: TerminalStyle) -> [String] {
    let name = tensor.label
    guard let found = tensor.comparison else { return ["\(name): \(tensor.verdict.rawValue)"] }
    var lines = ["\(name): \(headline(tensor, found))"]
    let isFailure = tensor.verdict.isFailure || tensor.verdict == .warn
    if isFailure, let shape = tensor.shape {
      if let worst = found.worst {
        lines.append("  worst at \(shape.index(at: worst.offset)): \(sides(worst, of: tensor))")
      }
      if let first = found.firstBeyond, first.offset != found.worst?.offset {
        lines.append("  first at \(shape.index(at: first.offset)): \(sides(first, of: tensor))")
      }
    }
    if tensor.limit != nil, found.equalNaNs > 0 {
      lines.append("  NaN on both sides, counted as equal: \(Figure.grouped(found.equalNaNs))")
    }
    if found.zeroSigns > 0 {
      let meaning = tensor.verdict == .differ ? "" : " (no difference under this limit)"
      lines.append("  zeros of different sign: \(Figure.grouped(found.zeroSigns))\(meaning)")
    }
    if found.informative > 0, found.informative < found.count / 100 {
      let informative = Figure.grouped(found.informative)
      lines.append(style.dim("  weak: an error could show in \(informative) elements only"))
    }
    if let detectable = tensor.detectableTerm, detectable >= 1, let terms = tensor.terms {
      let count = Figure.grouped(terms)
      lines.append(style.dim("  sums of \(count) terms: losing one term could stay unseen here"))
    }
    return lines
  }

  private static func headline(_ tensor: TensorReport, _ found: Comparison) -> String {
    let verdict = tensor.verdict
    let count = Figure.grouped(found.count)
    switch verdict {
    case .invalid:
      return "\(Figure.grouped(found.invalid)) of \(count) elements are not finite"
        + (tensor.limit == nil ? "" : " on one side only, or NaN of other bits")
    case .differ, .expected:
      let beyond = Figure.grouped(found.beyondBound)
      return "\(verdict.rawValue), \(beyond) of \(count) elements are beyond "
        + (tensor.limit.map { "the limit (\($0))" } ?? "the bound of rounding")
        + ", largest error \(NumberText.short(found.maxAbsolute))"
    case .warn:
      let unusual = Figure.grouped(found.beyondBand)
      return found.beyondBand > 0
        ? "warn, \(unusual) of \(count) elements are beyond what rounding usually leaves"
        : "warn, for \(Figure.grouped(found.unproven)) of \(count) elements no bound is proven"
    case .vacuous:
      return "vacuous, all \(count) elements are zero on both sides, so no error could show"
    case .agree, .surprise, .notCompared, .inherited:
      return "\(verdict.rawValue), largest error \(NumberText.short(found.maxAbsolute))"
        + " (\(NumberText.share(found.boundRatio)) of its bound) over \(count) elements"
    }
  }

  private static func sides(_ element: Comparison.Element, of tensor: TensorReport) -> String {
    if let texts = tensor.differingTexts {
      return "A “\(texts.a.terminal)”, B “\(texts.b.terminal)”"
    }
    let ulps = element.ulps.isFinite ? ", \(NumberText.short(element.ulps)) ulps" : ""
    let (ours, reference) = tensor.limit == nil ? ("ours", "reference") : ("A", "B")
    return "\(ours) \(NumberText.exact(element.ours)), \(reference) "
      + "\(NumberText.exact(element.reference)) (bound \(NumberText.short(element.bound))\(ulps))"
  }
}
