import Discrepancy
import Text

/// The columns of the table of layers, wide enough for one case.
struct LayerTable {
  private let nameWidth: Int
  private let kindWidth: Int
  private let showsChain: Bool

  private static var tensorWidth: Int { 24 }

  /// What a row is about: a layer, or a group of datasets.
  let unit: String

  init(layers: [LayerFacts], showsChain: Bool) {
    unit = layers.first?.kind == LayerFacts.group ? "group" : "layer"
    nameWidth = Self.width(of: layers.map(\.name), title: "layer", limit: 40)
    kindWidth = Self.width(of: layers.map(\.kind), title: "kind", limit: 24)
    self.showsChain = showsChain
  }

  private static func width(of texts: [String], title: String, limit: Int) -> Int {
    let widest = texts.map { UntrustedText($0).terminal.count }.max() ?? 0
    return min(limit, max(widest, title.count))
  }

  var header: String {
    let columns = [
      unit.padded(to: nameWidth), "kind".padded(to: kindWidth),
      "worst tensor".padded(to: Self.tensorWidth), "error".padded(to: 8), "bound".padded(to: 8),
      "share".padded(to: 7), "verdict".padded(to: 12),
    ]
    return "  " + columns.joined(separator: "  ") + (showsChain ? "  chained" : "")
  }

  /// One row: the tensor that is furthest from agreement, its error and its bound.
  func row(_ report: LayerReport, _ style: TerminalStyle) -> String {
    let worst = report.worstTensor
    let found = worst?.comparison?.worst
    let error = found.map { NumberText.short(($0.ours - $0.reference).magnitude) } ?? "–"
    let bound = found.map { NumberText.short($0.bound) } ?? "–"
    let share = worst?.comparison.map { NumberText.share($0.boundRatio) } ?? "–"
    let columns = [
      UntrustedText(report.layer.name).terminal.padded(to: nameWidth),
      UntrustedText(report.layer.kind).terminal.padded(to: kindWidth),
      (worst?.label ?? "–").padded(to: Self.tensorWidth),
      error.padded(to: 8), bound.padded(to: 8), share.padded(to: 7),
      style.paint(report.verdict),
    ]
    let mark = report.verdict.isFailure || report.verdict == .surprise ? style.red("✗ ") : "  "
    let row = mark + columns.joined(separator: "  ")
    guard showsChain, let chained = report.largestChained else { return row }
    return row + "  " + chained
  }
}

extension LayerReport {
  /// The tensor with the gravest verdict, and of those the one closest to its bound or beyond it.
  fileprivate var worstTensor: TensorReport? {
    let gravest = tensors.filter { $0.verdict == verdict && $0.comparison != nil }
    let candidates = gravest.isEmpty ? tensors.filter { $0.comparison != nil } : gravest
    return candidates.max {
      ($0.comparison?.boundRatio ?? 0) < ($1.comparison?.boundRatio ?? 0)
    } ?? tensors.first { $0.verdict == verdict }
  }

  /// The largest relative difference of the chained run; NaN is larger than any.
  fileprivate var largestChained: String? {
    let largest = chained.max { first, second in
      let (a, b) = (first.deviation.relative, second.deviation.relative)
      return !a.isNaN && (b.isNaN || a < b)
    }
    return largest.map { largest in
      let origin = largest.origin.map { " from " + UntrustedText($0).terminal } ?? ""
      return NumberText.short(largest.deviation.relative) + origin
    }
  }
}

extension TensorReport {
  /// The tensor's path, and which reference where that is not the usual one.
  ///
  /// The names of an unknown kind's parameters are whatever the file says.
  var label: String {
    let name = UntrustedText(path).terminal
    return reference == "reference_f64" ? "\(name) (f64)" : name
  }
}

extension TerminalStyle {
  /// A verdict in its colour, in a column of its own.
  func paint(_ verdict: Verdict) -> String {
    let text = verdict.rawValue.padded(to: 12)
    return switch verdict {
    case .agree: green(text)
    case .differ, .invalid, .surprise: red(text)
    case .warn, .notCompared, .expected: yellow(text)
    case .vacuous, .inherited: dim(text)
    }
  }
}

extension String {
  /// The text followed by as many spaces as the width leaves.
  fileprivate func padded(to width: Int) -> String {
    self + String(repeating: " ", count: max(0, width - count))
  }
}
