extension LayerProblem: CustomStringConvertible {
  /// What is wrong and what to do, as the rest of a sentence that names the layer.
  public var description: String {
    switch self {
    case .unknownHyperparameter(let name, let closest):
      "has no hyper-parameter `\(name)`" + Self.suggestion(closest)
    case .missingHyperparameter(let name):
      "needs the hyper-parameter `\(name)`: add the attribute `\(name)`"
    case .wrongType(let name, let expected, let found):
      "`\(name)` is \(found), which is not \(expected): write \(expected)"
    case .outOfRange(let name, let allowed, let found):
      "`\(name)` is \(found), which is outside what is allowed: write \(allowed)"
    case .contradiction(let name, let declared, let tensors):
      "`\(name)` says \(declared), but the tensors say \(tensors): correct the attribute or the"
        + " tensors"
    case .inputCount(let allowed, let found):
      "takes \(Self.count(allowed)), and \(found) \(found == 1 ? "is" : "are") given"
    case .unknownTensor(let name, let closest):
      "has no tensor `\(name)`" + Self.suggestion(closest)
    case .missingTensor(let name):
      "needs the tensor `\(name)`: add the dataset"
    case .wrongShape(let tensor, let expected, let found):
      "`\(tensor)` has shape \(found), and \(expected) is needed: correct the dataset, or say its"
        + " order with the attribute `axes`"
    case .emptyOutput(let axis, let extent, let padding, let kernel):
      "no window fits along \(axis): the extent \(extent) plus padding \(padding) is less than the"
        + " effective kernel \(kernel)"
    case .wrongValue(let tensor, let index, let value, let allowed):
      "`\(tensor)` holds \(value) at \(index), and only \(allowed) is possible"
    case .other(let reason):
      reason
    }
  }

  private static func suggestion(_ closest: String?) -> String {
    closest.map { "; did you mean `\($0)`?" } ?? ": remove it, or prefix its name with `x_`"
  }

  private static func count(_ range: ClosedRange<Int>) -> String {
    if range.upperBound == .max { return "at least \(range.lowerBound) inputs" }
    if range.count == 1 { return "\(range.lowerBound) input\(range.lowerBound == 1 ? "" : "s")" }
    return "\(range.lowerBound) to \(range.upperBound) inputs"
  }
}
