// What a kind claims of its structure, and what it declares where no derivative exists.

import LayerKit
import Tensors

extension ConformanceCheck {
  static let symmetries: [ConformanceCheck] = [
    ConformanceCheck(
      "independent-samples",
      "where samples are independent, exchanging samples exchanges their results and nothing else",
      .accepted(treatsSamplesAlone)),
    ConformanceCheck(
      "independent-elements",
      "where elements are independent, exchanging elements exchanges their results",
      .accepted(treatsElementsAlone)),
    ConformanceCheck(
      "kink",
      "the derivative at a kink is the one that is declared; without one, it lies between those beside",
      .accepted(followsKinks)),
    ConformanceCheck(
      "ties", "of equal largest elements the first one gets the gradient", .accepted(breaksTies)),
  ]

  // MARK: Independence

  private static func treatsSamplesAlone(_ subject: Subject) throws -> Outcome {
    guard subject.signature.traits.contains(.independentSamples),
      let batch = subject.example.shapes.inputs.first?.extents.first, batch > 1
    else { return .notApplicable }
    // Turned round by one: every sample comes to another place.
    func turned(_ tensor: Tensor<Double>) -> Tensor<Double> {
      guard tensor.shape.rank > 0, tensor.shape[0] == batch else { return tensor }
      let sample = tensor.count / batch
      let elements = tensor.elements
      return Tensor(tensor.shape, Array(elements[sample...]) + Array(elements[..<sample]))
    }
    let operands = subject.operands(seed: 71)
    let upstream = try subject.upstream(operands, seed: 71)
    var exchanged = operands
    exchanged.inputs = operands.inputs.map(turned)
    exchanged.auxiliary = operands.auxiliary.mapValues(turned)
    let before = try Computation(subject, at: Double.self, operands, upstream: upstream)
    let after = try Computation(
      subject, at: Double.self, exchanged, upstream: upstream.map(turned))
    for (name, value) in before.tensors {
      guard let found = after[name] else { return .broken("\(name) is missing") }
      switch name {
      case .output, .inputGradient:
        guard found.elements == turned(value).elements else {
          return .broken("\(name) of a sample depends on the other samples or on its place")
        }
      case .parameterGradient, .buffer:
        let bound = try subject.bound(name, value, format: .float64, operands, upstream: upstream)
        let comparison = BoundedComparison(found, value, bound, bound, format: .float64)
        if let complaint = comparison.complaint(about: name, shape: value.shape) {
          return .broken("with samples exchanged, \(complaint)")
        }
      }
    }
    return .holds
  }

  private static func treatsElementsAlone(_ subject: Subject) throws -> Outcome {
    guard subject.signature.traits.contains(.elementwise) else { return .notApplicable }
    let operands = subject.operands(seed: 72)
    // Masks and parameters belong to places, which are exchanged here.
    guard operands.inputs[0].count > 1, operands.auxiliary.isEmpty, operands.parameters.isEmpty
    else { return .notApplicable }
    func reversed(_ tensor: Tensor<Double>) -> Tensor<Double> {
      Tensor(tensor.shape, tensor.elements.reversed())
    }
    let upstream = try subject.upstream(operands, seed: 72)
    var exchanged = operands
    exchanged.inputs = operands.inputs.map(reversed)
    let before = try Computation(subject, at: Double.self, operands, upstream: upstream)
    let after = try Computation(
      subject, at: Double.self, exchanged, upstream: upstream.map(reversed))
    for (name, value) in before.tensors where after[name]?.elements != reversed(value).elements {
      return .broken("\(name) of an element depends on other elements or on its place")
    }
    return .holds
  }

  // MARK: Kinks

  private static func followsKinks(_ subject: Subject) throws -> Outcome {
    var applies = false
    for kink in subject.layer.kinks {
      switch kink {
      case .point(let place, let slope):
        let operands = subject.operands(seed: 73)
        // Where chance decides the slope, none can be declared.
        guard operands.auxiliary.isEmpty else { continue }
        applies = true
        let constant = operands.inputs[0].map { _ in place }
        if let complaint = try complaint(subject, operands, constant, slope: slope) {
          return .broken("at \(place) \(complaint)")
        }
      case .difference(let difference, let slope):
        // Whole numbers: the difference is exact.
        let operands = subject.operands(seed: 74, style: .integers)
        guard operands.inputs.count > 1, operands.inputs[0].shape == operands.inputs[1].shape else {
          continue
        }
        applies = true
        let shifted = operands.inputs[1].map { $0 + difference }
        if let complaint = try complaint(subject, operands, shifted, slope: slope == 0 ? 0 : nil) {
          return .broken("where the inputs differ by \(difference) \(complaint)")
        }
      case .firstOfTies: continue
      }
    }
    return applies ? .holds : .notApplicable
  }

  /// What is wrong with the gradient of the first input at a kink, if anything is.
  private static func complaint(
    _ subject: Subject, _ operands: Operands<Double>, _ place: Tensor<Double>, slope: Double?
  ) throws -> String? {
    let upstream = try subject.upstream(operands, seed: 75)
    func gradient(_ offset: Double) throws -> Tensor<Double>? {
      var moved = operands
      moved.inputs[0] = place.map { $0 + offset }
      let wanted = GradientRequest(inputs: [0], parameters: [])
      return try subject.layer.double.backward(moved, upstream, wanted).inputs[0]
    }
    guard let here = try gradient(0), let below = try gradient(-1e-9),
      let above = try gradient(1e-9)
    else {
      return "there is no gradient"
    }
    for offset in 0..<here.count {
      if let slope {
        let expected = slope == 0 ? 0 : slope * upstream[0][offset]
        guard (here[offset] - expected).magnitude <= 0x1p-50 * expected.magnitude else {
          return "the gradient is \(here[offset]) instead of \(slope) times the upstream gradient, "
            + "\(expected)"
        }
        continue
      }
      let (low, high) = (min(below[offset], above[offset]), max(below[offset], above[offset]))
      // Beside the kink the gradient may itself have moved by the step times its slope.
      let slack = 1e-6 * max(low.magnitude, high.magnitude)
      guard here[offset] >= low - slack, here[offset] <= high + slack else {
        return
          "the gradient is \(here[offset]), and beside it \(below[offset]) and \(above[offset])"
      }
    }
    return nil
  }

  /// With all elements equal, the gradient is that of elements that fall a little from each to the
  /// next: there the first of a window is the largest.
  private static func breaksTies(_ subject: Subject) throws -> Outcome {
    guard subject.layer.kinks.contains(.firstOfTies) else { return .notApplicable }
    let operands = subject.operands(seed: 76)
    let upstream = try subject.upstream(operands, seed: 76)
    func gradient(_ fall: Double) throws -> Tensor<Double>? {
      var moved = operands
      let input = operands.inputs[0]
      moved.inputs[0] = Tensor(input.shape, (0..<input.count).map { 1 - fall * Double($0) })
      let wanted = GradientRequest(inputs: [0], parameters: [])
      return try subject.layer.double.backward(moved, upstream, wanted).inputs[0]
    }
    guard let tied = try gradient(0), let falling = try gradient(0x1p-20) else {
      return .broken("there is no gradient")
    }
    guard let offset = tied.elements.indices.first(where: { tied[$0] != falling[$0] }) else {
      return .holds
    }
    return .broken(
      "where all elements are equal, the gradient at \(tied.shape.index(at: offset)) is "
        + "\(tied[offset]) instead of \(falling[offset])")
  }
}
