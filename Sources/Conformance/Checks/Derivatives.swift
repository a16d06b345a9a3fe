// The backward pass as a linear map, and as the derivative of the definition.

import LayerKit
import Tensors

extension ConformanceCheck {
  static let derivatives: [ConformanceCheck] = [
    ConformanceCheck(
      "zero-upstream", "without an upstream gradient there is none", .accepted(keepsZero)),
    ConformanceCheck(
      "linear-upstream",
      "backward is linear: scaled upstream gradients give scaled gradients, sums give sums",
      .accepted(isLinear)),
    ConformanceCheck(
      "wanted-gradients", "a gradient is the same whether or not others are wanted beside it",
      .accepted(computesSeparately)),
    ConformanceCheck(
      "adjoint",
      "⟨J·v, u⟩ = ⟨v, Jᵀ·u⟩ to 1e-12 for each input and parameter: backward is the derivative of "
        + "the definition", .accepted(isAdjoint)),
  ]

  private static func keepsZero(_ subject: Subject) throws -> Outcome {
    let operands = subject.operands(seed: 51)
    let zero = try subject.layer.outputShapes(operands.shapes).map { Tensor($0, repeating: 0.0) }
    let gradients = try gradients(subject, operands, zero)
    guard !gradients.tensors.isEmpty else { return .notApplicable }
    for (name, value) in gradients.tensors {
      guard let offset = value.elements.firstIndex(where: { !($0 == 0) }) else { continue }
      return .broken("\(name) is \(value[offset]) at \(value.shape.index(at: offset))")
    }
    return .holds
  }

  private static func isLinear(_ subject: Subject) throws -> Outcome {
    let operands = subject.operands(seed: 52)
    // Sums of whole numbers are exact.
    let first = try subject.upstream(operands, seed: 52, style: .integers)
    let second = try subject.upstream(operands, seed: 53, style: .integers)
    let base = try gradients(subject, operands, first)
    guard !base.tensors.isEmpty else { return .notApplicable }
    // Powers of two commute with rounding: the bits must be the same.
    let scaled = try gradients(subject, operands, first.map { $0.map { -4 * $0 } })
    let other = try gradients(subject, operands, second)
    let upstream = zip(first, second).map { $0.zip($1, +) }
    let both = try gradients(subject, operands, upstream)
    for (name, value) in base.tensors {
      guard let times = scaled[name], let added = other[name], let sum = both[name] else {
        return .broken("\(name) is there for one upstream gradient and missing for another")
      }
      for offset in 0..<value.count where !(times[offset] == -4 * value[offset]) {
        return .broken(
          "four times the upstream gradient with the other sign makes \(name) \(times[offset]) at "
            + "\(value.shape.index(at: offset)) instead of \(-4 * value[offset])")
      }
      // Each of the three gradients is off by its own bound at most.
      func bound(
        _ gradient: Tensor<Double>, _ upstream: [Tensor<Double>]
      ) throws -> ErrorBound {
        try subject.bound(name, gradient, format: .float64, operands, upstream: upstream)
      }
      let comparison = try BoundedComparison(
        sum, value.zip(added, +), bound(sum, upstream), bound(value, first), bound(added, second),
        format: .float64)
      if let complaint = comparison.complaint(about: name, shape: value.shape) {
        return .broken("for a sum of two upstream gradients \(complaint)")
      }
    }
    return .holds
  }

  private static func computesSeparately(_ subject: Subject) throws -> Outcome {
    let operands = subject.operands(seed: 54)
    let upstream = try subject.upstream(operands, seed: 54)
    let wanted = subject.gradients(of: operands)
    let all = try gradients(subject, operands, upstream)
    var requests = wanted.inputs.sorted().map {
      (ResultTensor.inputGradient($0), GradientRequest(inputs: [$0], parameters: []))
    }
    requests += wanted.parameters.sorted().map {
      (.parameterGradient($0), GradientRequest(inputs: [], parameters: [$0]))
    }
    guard !requests.isEmpty else { return .notApplicable }
    for (name, request) in requests {
      let alone = Computation(
        try subject.layer.double.backward(operands, upstream, request))
      guard let expected = all[name], let found = alone[name] else {
        return .broken("\(name) is missing when it alone is wanted")
      }
      guard found.elements.map(\.bitPattern) == expected.elements.map(\.bitPattern) else {
        return .broken("\(name) is another one when it alone is wanted")
      }
    }
    return .holds
  }

  private static func isAdjoint(_ subject: Subject) throws -> Outcome {
    let operands = subject.operands(seed: 55)
    try subject.layer.double.checkValues(operands)
    let measured = try AdjointIdentity.measure(subject.layer, operands, seed: 56)
    guard !measured.isEmpty else { return .notApplicable }
    return measured.first { !$0.holds(within: 1e-12) }.map { .broken("\($0)") } ?? .holds
  }

  private static func gradients(
    _ subject: Subject, _ operands: Operands<Double>, _ upstream: [Tensor<Double>]
  ) throws -> Computation {
    Computation(
      try subject.layer.double.backward(operands, upstream, subject.gradients(of: operands)))
  }
}
