extension GradientSlip: CustomStringConvertible {
  /// What is wrong with the gradient, as a predicate.
  var description: String {
    switch self {
    case .zero: "is zero everywhere: nothing is written to it"
    case .sign: "has the wrong sign everywhere"
    case .factor(let factor): "is \(Self.text(factor)) times what it should be"
    case .upstreamIgnored:
      "ignores the upstream gradient: it is right for an upstream gradient of ones"
    case .oneSample(let sample, let samples):
      "forgets the sum over the batch: it holds sample \(sample) of \(samples) alone"
    case .lastTerm: "holds the last term of each sum alone, as where = stands for +="
    case .ownPlace:
      "holds what the output at the same place passes back, and forgets the other outputs"
    case .transposed(let axes):
      "is transposed: axes \(axes[0]) and \(axes[1]) are exchanged"
    case .reversed(let axes):
      "runs backwards along \(axes.count == 1 ? "axis" : "axes") "
        + axes.map(String.init).joined(separator: ", ")
    case .unexplained(let wrong, let count):
      "is wrong in \(wrong) of \(count) elements, and no usual slip explains it: look for a missing "
        + "term"
    }
  }

  /// A number without the digits that rounding left: 1/3 rather than 0.333….
  private static func text(_ factor: Double) -> String {
    for divisor in 1...64 {
      let product = factor * Double(divisor)
      let whole = product.rounded()
      guard (product - whole).magnitude <= 1e-7 * product.magnitude, whole != 0,
        whole.magnitude < 1e6
      else { continue }
      return divisor == 1 ? "\(Int(whole))" : "\(Int(whole))/\(divisor)"
    }
    return "\(factor)"
  }
}
