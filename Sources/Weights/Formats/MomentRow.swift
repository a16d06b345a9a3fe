/// A row of the moments of a batch normalisation, (2, C): mean and sigma.
enum MomentRow: String, CaseIterable {
  /// The first row as it stands.
  case mean
  /// The second row squared.
  case variance = "sigma²"

  /// What the name of the row adds to that of the moments.
  private var suffix: String { " (\(rawValue))" }

  /// The row that a source names, `/#refs#/e (mean)`, and the moments it is of; no row where it
  /// names none.
  static func named(_ source: String) -> (row: MomentRow?, moments: String) {
    for row in allCases where source.hasSuffix(row.suffix) {
      return (row, String(source.dropLast(row.suffix.count)))
    }
    return (nil, source)
  }

  /// The row as a tensor of its own; nil where these are no moments.
  func of(_ moments: StoredWeight) -> StoredWeight? {
    guard moments.shape.count == 2, moments.shape[0] == 2 else { return nil }
    return StoredWeight(
      source: moments.source + suffix, shape: [moments.shape[1]], type: moments.type,
      problem: moments.problem, elements: Elements(moments: moments, row: self))
  }

  private struct Elements: WeightElements {
    let moments: StoredWeight
    let row: MomentRow

    func read() throws(WeightProblem) -> WeightValues {
      switch try moments.values() {
      case .float32(let elements): .float32(taken(elements))
      case .float64(let elements): .float64(taken(elements))
      case .integers:
        throw WeightProblem(
          source: moments.source, .malformed("moments are floating-point numbers"))
      }
    }

    private func taken<Element: BinaryFloatingPoint>(_ elements: [Element]) -> [Element] {
      let half = elements.count / 2
      // variance + epsilon = sigma²
      return row == .mean ? Array(elements[..<half]) : elements[half...].map { $0 * $0 }
    }
  }
}
