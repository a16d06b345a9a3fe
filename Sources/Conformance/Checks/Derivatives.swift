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
      "backward is the derivative of the definition: ⟨J·v, u⟩ = ⟨v, Jᵀ·u⟩ to 1e-12 for each input "
        + "and parameter", .accepted(isAdjoint)),
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
    let measured = try AdjointIdentity.measure(
      subject.layer, operands, seed: 56, source: subject.source)
    guard !measured.isEmpty else { return .notApplicable }
    let wrong = measured.filter { !$0.holds(within: 1e-12) }
    guard wrong.isEmpty else {
      return .broken(
        try wrong.map { identity in
          let slip = try slip(subject, operands, identity).map { "\($0); it " } ?? ""
          return "\(identity.gradient) \(slip)\(identity.finding)"
        }.joined(separator: "; "))
    }
    let undecided = measured.reduce(0) { $0 + $1.undecided }
    guard undecided > 0 else { return .holds }
    let directions = measured.reduce(0) { $0 + $1.directions }
    return .holdsExcept("\(undecided) of \(directions) directions meet a kink and show nothing")
  }

  /// What is wrong with a gradient that is not adjoint, where the layer is small enough to tell.
  private static func slip(
    _ subject: Subject, _ operands: Operands<Double>, _ identity: AdjointIdentity
  ) throws -> GradientSlip? {
    let upstream = try subject.upstream(operands, seed: 57)
    let outputs = upstream.reduce(0) { $0 + $1.count }
    let count = operands[operandOf: identity.gradient].count
    guard identity.isDecided, count > 0, outputs > 0, count <= 512, count * outputs <= 1 << 17,
      let found = try gradients(subject, operands, upstream)[identity.gradient],
      found.count == count
    else { return nil }
    let linearization = Linearization(subject.layer, operands, source: subject.source)
    return try WrongGradient(
      found: found, columns: linearization.jacobian(of: identity.gradient),
      upstream: upstream.flatMap(\.elements), output: upstream[0].shape,
      precision: linearization.source == .dualNumbers ? 1e-9 : 1e-5
    ).slip
  }

  private static func gradients(
    _ subject: Subject, _ operands: Operands<Double>, _ upstream: [Tensor<Double>]
  ) throws -> Computation {
    Computation(
      try subject.layer.double.backward(operands, upstream, subject.gradients(of: operands)))
  }
}
