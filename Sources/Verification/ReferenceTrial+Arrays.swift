import Discrepancy
import Interchange
import LayerKit
import Reports
import Tensors

extension ReferenceTrial {
  /// Computes one result again, and gives it with the reference and the bound of each element.
  ///
  /// The same operands give the same bits as when the result was judged. Nil where the shapes
  /// differ, so that elements do not stand against each other.
  func arrays(of report: TensorReport, _ facts: LayerFacts) throws -> ComparedArrays? {
    guard let tensor = side.present.first(where: { side.path($0) == report.path }),
      let stored = side.stored(tensor)
    else { return nil }
    let operands = try side.operands(as: S.self)
    var upstream: [Tensor<S>] = []
    let computed: Tensor<S>?
    switch tensor {
    case .output, .buffer:
      var results = try program.forward(operands)
      computed = results.take(tensor, operands)
    case .inputGradient, .parameterGradient:
      upstream = try side.upstream(as: S.self).get()
      var gradients = try program.backward(operands, upstream, GradientRequest(tensor))
      computed = gradients.take(tensor)
    }
    guard let computed, computed.shape == stored.shape else { return nil }
    let tolerance = try tolerance(tensor, computed, stored, operands, upstream)
    return try ComparedArrays(report, facts, computed, stored, tolerance)
  }
}

extension ComparedArrays {
  /// Reads the reference of a computed tensor, and evaluates the bound of each element.
  init<S: LayerScalar>(
    _ report: TensorReport, _ facts: LayerFacts, _ computed: Tensor<S>, _ stored: StoredTensor,
    _ tolerance: Tolerance
  ) throws {
    let window = tolerance.window(0..<computed.count)
    let ours = computed.elements.map(\.value)
    self.init(
      layer: facts, path: report.path, against: report.reference, verdict: report.verdict,
      shape: computed.shape, ours: ours, reference: try stored.read(as: Double.self).elements,
      bound: ours.indices.map {
        let bound = window.limits(at: $0, value: ours[$0]).hard
        // Of numbers that are not finite nothing is known.
        return bound.isNaN ? .infinity : bound
      })
  }
}
