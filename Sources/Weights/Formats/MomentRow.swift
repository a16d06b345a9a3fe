/// A row of the moments of a batch normalisation, (2, C): mean and sigma.
enum MomentRow {
  /// The first row as it stands.
  case mean
  /// The second row squared.
  case variance

  /// The row as a tensor of its own; a mapping file cannot name it.
  func of(_ moments: StoredWeight) -> StoredWeight {
    StoredWeight(
      source: "\(moments.source) (\(self == .mean ? "mean" : "sigma"))",
      shape: Array(moments.shape.dropFirst()), type: moments.type, problem: moments.problem,
      elements: Elements(moments: moments, row: self))
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
