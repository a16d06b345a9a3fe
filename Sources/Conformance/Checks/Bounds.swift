// The declared error bounds: they hold on ordinary and on awkward data, and they mean something.

import LayerKit
import Tensors

extension ConformanceCheck {
  static let bounds: [ConformanceCheck] =
    RandomOperands.Style.allCases.map { style in
      ConformanceCheck(
        "bound-\(style.rawValue)",
        "single precision stays within the declared bound of double precision on "
          + "\(style.name) data", .accepted { try staysWithin($0, style) })
    } + [
      ConformanceCheck(
        "bound-sees-faults",
        "a result that is off by a thousandth of its largest element is beyond the declared bound "
          + "of single precision", .accepted(seesFaults))
    ]

  private static func staysWithin(_ subject: Subject, _ style: RandomOperands.Style) throws
    -> Outcome
  {
    // Where every draw is refused or nothing has a bound, nothing was put to the test.
    var bounded = 0
    for seed in 61..<65 as Range<UInt64> {
      let operands = subject.operands(seed: seed, style: style, format: .float32)
      guard (try? subject.layer.double.checkValues(operands)) != nil else { continue }
      let upstream = try subject.upstream(operands, seed: seed, style: style)
      var double = try Computation(subject, at: Double.self, operands, upstream: upstream)
      let single = try Computation(subject, at: Float.self, operands, upstream: upstream)
      // What an output loses by overflowing, its gradients lose as well.
      if single.hasInfiniteOutput, !double.hasInfiniteOutput { double.dropGradients() }
      let complaint = try subject.complaint(
        single, against: double, format: .float32, operands, upstream: upstream, bounded: &bounded)
      if let complaint { return .broken("\(complaint); seed \(seed)") }
    }
    return bounded == 0 ? .notApplicable : .holds
  }

  private static func seesFaults(_ subject: Subject) throws -> Outcome {
    // A sum that happens to cancel hides more than others: one of a few must show the fault.
    var unseen: [ResultTensor: Double] = [:]
    var seen: Set<ResultTensor> = []
    for seed in 66..<70 as Range<UInt64> {
      let operands = subject.operands(seed: seed, format: .float32)
      let upstream = try subject.upstream(operands, seed: seed)
      let computed = try Computation(subject, at: Double.self, operands, upstream: upstream)
      for (name, value) in computed.tensors {
        let largest = value.elements.reduce(0) { max($0, $1.magnitude) }
        // A tensor of zeros shows nothing, and neither does one that is not finite.
        guard largest > 0, largest.isFinite else { continue }
        let bound = try subject.bound(name, value, format: .float32, operands, upstream: upstream)
        let off = value.map { $0 + largest / 1000 }
        let comparison = BoundedComparison(off, value, bound, format: .float32)
        if comparison.worst == nil { unseen[name] = largest / 1000 } else { seen.insert(name) }
      }
    }
    for (name, fault) in unseen where !seen.contains(name) {
      return .broken("\(name) may be off by \(fault) at every element")
    }
    return seen.isEmpty ? .notApplicable : .holds
  }
}

extension RandomOperands.Style {
  /// The style as an adjective.
  fileprivate var name: String {
    switch self {
    case .reals: "ordinary"
    case .integers: "whole"
    case .constant, .huge, .denormal, .cancelling: rawValue
    case .spread: "widely spread"
    case .special: "special"
    }
  }
}
