extension Conversion {
  /// The steps in words: `HWIO→OIHW`, `permute (3, 2, 0, 1), rotate axes 2 and 3`; empty for none.
  public var words: String {
    if let label { return label }
    var steps: [String] = []
    if reversesAxes { steps.append("reverse the axes") }
    if let reshape { steps.append("reshape \(Self.list(reshape))") }
    if let permutation { steps.append("permute \(Self.list(permutation))") }
    if !flippedAxes.isEmpty { steps.append("flip \(Self.list(flippedAxes))") }
    if let scale { steps.append("× \(scale)") }
    switch final {
    case nil: break
    case .shape(let shape): steps.append("reshape \(Self.list(shape))")
    case .target: steps.append("reshape as the network needs")
    }
    return steps.joined(separator: ", ")
  }

  private static func list(_ numbers: [Int]) -> String {
    "(" + numbers.map(String.init).joined(separator: ", ") + ")"
  }
}
