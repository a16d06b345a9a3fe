import LayerKit
import Reports

/// What the layers of one case cannot show, gathered for one line before the verdict.
struct HiddenMistakes {
  /// The number of layers with each reason.
  private var layers: [String: Int] = [:]

  /// How many reasons the line names.
  private static let named = 2

  /// Takes in the blind spots of a layer.
  mutating func add(_ spots: [BlindSpot]) {
    for reason in Set(spots.map(\.reason)) { layers[reason, default: 0] += 1 }
  }

  /// The line, what hides in most layers first; nil where nothing is hidden.
  var note: Warning? {
    guard !layers.isEmpty else { return nil }
    let sorted = layers.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    let told = sorted.prefix(Self.named).map { reason, count in
      count == 1 ? reason : "\(reason) (\(count) layers)"
    }
    let more = sorted.count - told.count
    return Warning(
      id: "blind-spots",
      text: "not every mistake would show here: " + told.joined(separator: ", ")
        + (more > 0 ? " and \(more) more reasons" : "") + "; --adequacy lists them")
  }
}
