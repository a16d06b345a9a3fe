extension ResultTensor: CustomStringConvertible {
  /// The tensor as an author calls it.
  public var description: String {
    switch self {
    case .output(let index): "output \(index)"
    case .inputGradient(let index): "the gradient of input \(index)"
    case .parameterGradient(let name): "the gradient of `\(name)`"
    case .buffer(let name): "the buffer `\(name)` afterwards"
    }
  }
}
