// What comes out: complete, the same each time, and without a trace in the operands.

import LayerKit
import Tensors

extension ConformanceCheck {
  static let results: [ConformanceCheck] = [
    ConformanceCheck(
      "complete",
      "every output and every gradient that is wanted is there, and finite where the "
        + "definition is", .accepted(isComplete)),
    ConformanceCheck(
      "operands-untouched", "forward and backward leave their operands as they are",
      .accepted(leavesOperands)),
    ConformanceCheck(
      "same-bits", "the same operands give the same bits, each time and on any number of threads",
      .accepted(repeatsItself)),
    ConformanceCheck(
      "definition", "forward is the definition, within the bound", .accepted(isTheDefinition)),
  ]

  private static func isComplete(_ subject: Subject) throws -> Outcome {
    let operands = subject.operands(seed: 41)
    let upstream = try subject.upstream(operands, seed: 41)
    let wanted = subject.gradients(of: operands)
    let defined = Computation(try subject.layer.double.define(operands))
    let isFinite = defined.tensors.allSatisfy { $0.value.elements.allSatisfy(\.isFinite) }
    let computed = try Computation(subject, at: Double.self, operands, upstream: upstream)
    for input in wanted.inputs.sorted() where computed[.inputGradient(input)] == nil {
      return .broken("\(ResultTensor.inputGradient(input)) is missing")
    }
    for name in wanted.parameters.sorted() where computed[.parameterGradient(name)] == nil {
      return .broken("\(ResultTensor.parameterGradient(name)) is missing")
    }
    for (name, value) in defined.tensors where computed[name]?.shape != value.shape {
      return .broken("\(name) is missing, although the definition gives it")
    }
    guard isFinite else { return .holds }
    for (name, value) in computed.tensors {
      guard let offset = value.elements.firstIndex(where: { !$0.isFinite }) else { continue }
      return .broken("\(name) is \(value[offset]) at \(value.shape.index(at: offset))")
    }
    return .holds
  }

  private static func leavesOperands(_ subject: Subject) throws -> Outcome {
    let operands = subject.operands(seed: 42)
    let upstream = try subject.upstream(operands, seed: 42)
    let (before, upstreamBefore) = (operands.checksum, upstream.map(\.checksum))
    _ = try subject.layer.double.define(operands)
    _ = try subject.layer.double.forward(operands)
    _ = try subject.layer.double.backward(operands, upstream, subject.gradients(of: operands))
    guard operands.checksum == before else { return .broken("an operand has been changed") }
    guard upstream.map(\.checksum) == upstreamBefore else {
      return .broken("an upstream gradient has been changed")
    }
    return .holds
  }

  private static func repeatsItself(_ subject: Subject) throws -> Outcome {
    let operands = subject.operands(seed: 43, format: .float32)
    let upstream = try subject.upstream(operands, seed: 43)
    func compute() throws -> [Computation] {
      [
        try Computation(subject, at: Double.self, operands, upstream: upstream),
        try Computation(subject, at: Float.self, operands, upstream: upstream),
      ]
    }
    let threads = Parallel.threads
    defer { Parallel.threads = threads }
    let expected = try compute()
    for count in [threads, 1, 3] {
      Parallel.threads = count
      for (first, again) in zip(expected, try compute()) {
        if let difference = first.firstDifference(from: again) {
          return .broken("\(difference) in another run, on \(count) threads")
        }
      }
    }
    return .holds
  }

  private static func isTheDefinition(_ subject: Subject) throws -> Outcome {
    guard let define = subject.layer.double.definition else { return .notApplicable }
    var bounded = 0
    for style in RandomOperands.Style.allCases {
      let operands = subject.operands(seed: 44, style: style)
      guard (try? subject.layer.double.checkValues(operands)) != nil else { continue }
      let defined = Computation(try define(operands))
      let computed = Computation(try subject.layer.double.forward(operands))
      let complaint = try subject.complaint(
        computed, against: defined, format: .float64, operands, upstream: [], bounded: &bounded)
      if let complaint { return .broken("\(complaint); data: \(style.rawValue)") }
    }
    return bounded == 0 ? .notApplicable : .holds
  }
}

extension Operands<Double> {
  /// A number that changes with any bit of any operand.
  fileprivate var checksum: Int {
    var hasher = Hasher()
    for input in inputs { hasher.combine(input.checksum) }
    for group in [parameters, buffers, auxiliary] {
      for name in group.keys.sorted() {
        hasher.combine(name)
        hasher.combine(group[name]?.checksum)
      }
    }
    return hasher.finalize()
  }
}

extension Tensor<Double> {
  fileprivate var checksum: Int {
    var hasher = Hasher()
    hasher.combine(shape)
    for element in elements { hasher.combine(element.bitPattern) }
    return hasher.finalize()
  }
}
