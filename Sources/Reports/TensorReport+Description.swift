import Text

extension TensorReport.Reason {
  /// Why figures are missing, as a clause that is safe for a terminal.
  public var sentence: String {
    switch self {
    case .absent:
      "not in the fixture"
    case .inputAbsent(let name):
      "the fixture lacks \(name), from which it is computed"
    case .unknownKind(let kind, let closest):
      "nobody registered the kind `\(UntrustedText(kind).terminal)`"
        + (closest.map { "; did you mean `\($0)`?" } ?? ": add the plug-in that knows it")
    case .unusable(let text):
      text
    case .shapes(let ours, let reference):
      "the shape is \(ours) here and \(reference) in the reference"
    case .missing(let file):
      "\(UntrustedText(file).terminal) has none"
    case .differentShapes(let a, let b):
      "the shape is \(a) in A and \(b) in B"
    case .differentTypes(let a, let b):
      "A holds \(UntrustedText(a).terminal) and B \(UntrustedText(b).terminal)"
    }
  }
}
