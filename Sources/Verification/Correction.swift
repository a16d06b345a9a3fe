import Diagnosis
import Discrepancy
import Interchange
import LayerKit
import Network
import Reports
import Tensors

/// A tensor on which the two sides differ by themselves, and how a run of the whole network can go on
/// with what the other side has.
struct Correction {
  /// The layer's position.
  let node: Int
  /// The dataset's path below `reference`.
  let path: String
  /// The tensor; nil where a run does not compute it.
  let tensor: ResultTensor?
  /// Why it differs.
  private let diagnosis: TensorDiagnosis?
  private let side: ReferenceSide
  private let fixtureCase: FixtureCase

  /// Takes up a report that needs correction; nil for any other.
  init?(_ report: TensorReport, of node: Int, in fixtureCase: FixtureCase) {
    guard report.reference == "reference", report.mode == .isolated,
      !report.path.hasPrefix("updated_")
    else { return nil }
    let isConvention = report.diagnosis?.headline?.nature == .convention
    guard report.verdict.isFailure || report.verdict == .expected || isConvention else {
      return nil
    }
    let layer = fixtureCase.layers[node]
    let side = ReferenceSide(tree: layer.reference, isTwin: false, layer, isLoss: false)
    self.node = node
    path = report.path
    tensor = side.present.first { side.path($0) == report.path }
    diagnosis = report.diagnosis
    self.side = side
    self.fixtureCase = fixtureCase
  }

  /// The cause that is named, those that fit alike, or that none does.
  var cause: String {
    guard let diagnosis else { return TensorDiagnosis.unidentified }
    if let headline = diagnosis.headline { return headline.id }
    return diagnosis.causes.isEmpty
      ? TensorDiagnosis.unidentified : diagnosis.causes.map(\.id).joined(separator: " or ")
  }

  /// What the run goes on with, and how that was found.
  func apply(
    _ application: LayerApplication<Double>, _ computed: Tensor<Double>
  ) throws -> (values: Tensor<Double>, means: CorrectionReport.Means) {
    guard let tensor, let kind = side.layer.layer, let stored = side.stored(tensor),
      let recorded = try ifReadable({ try stored.read(as: Double.self) })
    else { return (computed, .none) }
    if diagnosis?.arbitration?.blame == .ours {
      if let right = definition(of: tensor, kind, application.operands) {
        return (right, .definition)
      }
    } else if let cause = diagnosis?.headline,
      let replayed = replay(cause, tensor, kind, application, computed, recorded, stored)
    {
      return (replayed, .replayed)
    }
    return recorded.shape == computed.shape ? (recorded, .recorded) : (computed, .none)
  }

  /// An output by the definition, which is right where this side is wrong.
  private func definition(
    of tensor: ResultTensor, _ kind: AnyLayer, _ operands: Operands<Double>
  ) -> Tensor<Double>? {
    guard case .output(let index) = tensor else { return nil }
    // A layer that breaks down is told by its own verdict.
    guard let outputs = try? kind.double.define(operands).outputs else { return nil }
    return outputs.indices.contains(index) ? outputs[index] : nil
  }

  /// What the mistake makes of the numbers of this run.
  private func replay(
    _ cause: NamedCause, _ tensor: ResultTensor, _ kind: AnyLayer,
    _ application: LayerApplication<Double>, _ computed: Tensor<Double>,
    _ recorded: Tensor<Double>, _ stored: StoredTensor
  ) -> Tensor<Double>? {
    // A mistake of an output may also need the gradients, which a forward pass does not have yet.
    let upstream =
      tensor.isGradient
      ? application.upstream : (try? side.upstream(as: Double.self).get()) ?? []
    let formats = ComparisonFormats(
      ours: .float64, reference: stored.format ?? .float64,
      operandRoundoff: fixtureCase.arithmetic.operandRoundoff)
    let question = BoundQuestion(
      tensor, operands: application.operands, upstream: tensor.isGradient ? upstream : [],
      computed: computed, rounding: formats.rounding)
    guard let bound = try? kind.bound(question) else { return nil }
    let evidence = Evidence(
      tensor, suspect: recorded, computed: computed, operands: application.operands,
      upstream: upstream, layer: kind, rounding: formats.rounding,
      flattened: fixtureCase.imageBeforeFlattening(for: node), format: formats.reference)
    let values = Diagnostician(evidence, tolerance: Tolerance(bound, formats)).replay(cause)
    return values?.shape == recorded.shape ? values : nil
  }
}
