import LayerKit
import Tensors

/// How far rounding seems to move a result of a layer that does not say how far it may.
///
/// The layer is computed in double precision and once more with the rounding of single precision: by
/// its own code for that, from the same operands, or where it has none from operands of which each is
/// moved by one rounding of single precision, up or down at random. With e the largest difference of
/// the two in the whole tensor, and u₃₂ the unit roundoff of single precision, the limit for a
/// rounding of unit u is
///
///     16 · (u / u₃₂) · max(e, u₃₂ · max |v|) + η
///
/// the same for all elements. It is no proof: another order of addition may be off by more, which the
/// factor is meant to cover, and small elements beside large ones are hardly judged. What lies within
/// is never more than a warning.
struct MeasuredBound {
  private static let safety = 16.0

  private let layer: PluginLayer

  init(_ layer: PluginLayer) { self.layer = layer }

  func bound(_ question: BoundQuestion) throws(LayerFailure) -> ErrorBound {
    let unit = NumberFormat.float32.unitRoundoff
    let (exact, moved) = try pair(question)
    var (difference, largest) = (0.0, 0.0)
    for (a, b) in zip(exact, moved) where a.isFinite && b.isFinite {
      difference = max(difference, (a - b).magnitude)
      largest = max(largest, a.magnitude)
    }
    let limit =
      Self.safety * (question.rounding.unit / unit) * max(difference, unit * largest)
      + question.rounding.underflow
    return .measured(Tensor(question.computed.shape, repeating: limit))
  }

  /// The result in double precision, and with the rounding of single precision.
  private func pair(_ question: BoundQuestion) throws(LayerFailure) -> ([Double], [Double]) {
    guard layer.hasSingle else {
      var signs = Signs()
      let moved = question.operands.moved(by: &signs, layer.signature)
      return (
        question.computed.elements,
        try compute(question.tensor, moved, question.upstream.map { $0.moved(by: &signs) })
      )
    }
    let operands = question.operands.mapTensors { $0.map { Float($0) } }
    let upstream = question.upstream.map { $0.map { Float($0) } }
    return (
      try compute(
        question.tensor, operands.mapTensors { $0.map { Double($0) } },
        upstream.map { $0.map { Double($0) } }),
      try compute(question.tensor, operands, upstream)
    )
  }

  private func compute<S: FloatingScalar>(
    _ tensor: ResultTensor, _ operands: Operands<S>, _ upstream: [Tensor<S>]
  ) throws(LayerFailure) -> [Double] {
    let found: Tensor<S>?
    switch tensor {
    case .output(let index): found = try layer.results(.forward, operands).outputs[index]
    case .buffer(let name): found = try layer.results(.forward, operands).buffers[name]
    case .inputGradient(let index):
      let wanted = GradientRequest(inputs: [index], parameters: [])
      found = try layer.gradients(operands, upstream, wanted).inputs[index]
    case .parameterGradient(let name):
      let wanted = GradientRequest(inputs: [], parameters: [name])
      found = try layer.gradients(operands, upstream, wanted).parameters[name]
    }
    return found?.elements.map(\.value) ?? []
  }
}

/// Signs that look random and are the same every time: the low bits of a linear congruential
/// generator (Knuth's MMIX constants), from the top.
private struct Signs {
  private var state: UInt64 = 0x9E37_79B9_7F4A_7C15

  mutating func next() -> Double {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state >> 63 == 0 ? 1 : -1
  }
}

extension Operands<Double> {
  /// Every number moved by one rounding of single precision; indices and masks stay.
  fileprivate func moved(by signs: inout Signs, _ signature: Signature) -> Operands<Double> {
    var moved = self
    let shapes = inputs.map(\.shape)
    for index in inputs.indices where signature.hasGradient(ofInput: index, shapes: shapes) {
      moved.inputs[index] = inputs[index].moved(by: &signs)
    }
    for name in parameters.keys.sorted() {
      moved.parameters[name] = parameters[name]?.moved(by: &signs)
    }
    return moved
  }
}

extension Tensor<Double> {
  fileprivate func moved(by signs: inout Signs) -> Tensor<Double> {
    map { $0 * (1 + signs.next() * NumberFormat.float32.unitRoundoff) }
  }
}
