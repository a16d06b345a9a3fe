import Diagnosis
import Discrepancy
import Interchange
import LayerKit
import Reports
import Tensors

/// A layer computed at one precision and held against one of its references.
struct ReferenceTrial<S: LayerScalar> {
  private let kind: AnyLayer
  private let layer: FixtureLayer
  let side: ReferenceSide
  private let arithmetic: Arithmetic
  private let flattened: Shape?
  private let isDiagnosed: Bool
  private let refused: RefusedTensors

  /// Prepares to compute a layer; `flattened` is the image that its first input was before.
  init(
    _ kind: AnyLayer, _ layer: FixtureLayer, _ side: ReferenceSide, _ arithmetic: Arithmetic,
    flattened: Shape? = nil, isDiagnosed: Bool = false
  ) {
    self.kind = kind
    self.layer = layer
    self.side = side
    self.arithmetic = arithmetic
    self.flattened = flattened
    self.isDiagnosed = isDiagnosed
    refused = RefusedTensors(layer)
  }

  var program: LayerProgram<S> { S.program(of: kind) }

  /// Computes what the fixture has a reference for, and compares it.
  func run() -> [TensorReport] {
    var spots: [BlindSpot] = []
    return run(noting: &spots)
  }

  /// The same, noting what the operands and upstream gradients cannot show.
  func run(noting spots: inout [BlindSpot]) -> [TensorReport] {
    if let reason = refused.operandReason(for: side) { return side.allNotCompared(reason) }
    if let missing = side.inputs.firstIndex(where: { $0 == nil }) {
      return side.allNotCompared(.inputAbsent("input.\(missing)"))
    }
    do {
      let operands = try side.operands(as: S.self)
      try program.checkValues(operands)
      return try forward(operands) + backward(operands, noting: &spots)
        + refused.reports(for: side)
    } catch {
      return side.allNotCompared(.unusable(error))
    }
  }

  // MARK: Operands

  /// What rounding the operands to this precision did to a result; nil where it did nothing.
  private func shift(
    _ tensor: ResultTensor, _ operands: Operands<S>, upstream: [Tensor<S>]
  ) throws -> Tensor<Double>? {
    guard S.format != .float64, side.hasDoubleOperands else { return nil }
    let exact = upstream.isEmpty ? [] : try side.upstream(as: Double.self).get()
    // The layer's own constants are rounded to this precision as well.
    var rounded = operands.asDouble
    rounded.format = S.format
    return try OperandRounding(
      kind, stored: try side.operands(as: Double.self), rounded: rounded,
      upstream: exact, rounded: upstream.map { $0.asDouble }
    ).shift(of: tensor)
  }

  // MARK: Forward

  private func forward(_ operands: Operands<S>) throws(LayerFailure) -> [TensorReport] {
    let outputs = (layer.outputShapes ?? []).indices.map(ResultTensor.output)
    let buffers = side.tree.buffers.keys.sorted().map(ResultTensor.buffer)
    guard (outputs + buffers).contains(where: { side.stored($0) != nil }) else {
      return outputs.map { side.notCompared($0, .absent) }
    }
    var results = try program.forward(operands)
    return (outputs + buffers).map { tensor in
      guard let stored = side.stored(tensor) else { return side.notCompared(tensor, .absent) }
      guard let computed = results.take(tensor, operands) else {
        return side.notCompared(tensor, .unusable("the layer has no such tensor"))
      }
      return judge(tensor, computed, stored, operands, upstream: [])
    }
  }

  // MARK: Backward

  private func backward(
    _ operands: Operands<S>, noting spots: inout [BlindSpot]
  ) -> [TensorReport] {
    let inputs = side.inputs.indices.filter {
      kind.signature.hasGradient(ofInput: $0, shapes: operands.inputs.map(\.shape))
        || side.tree.inputGradients[$0] != nil
    }.map(ResultTensor.inputGradient)
    let parameters = operands.parameters.keys.sorted().map(ResultTensor.parameterGradient)
    let present = (inputs + parameters).filter { side.stored($0) != nil }
    let absent = (inputs + parameters).filter { side.stored($0) == nil }
    return judgeGradients(present, operands, noting: &spots)
      + absent.map { side.notCompared($0, .absent) }
  }

  private func judgeGradients(
    _ tensors: [ResultTensor], _ operands: Operands<S>, noting spots: inout [BlindSpot]
  ) -> [TensorReport] {
    guard !tensors.isEmpty else { return [] }
    let upstream: [Tensor<S>]
    do {
      switch try side.upstream(as: S.self) {
      case .success(let loaded): upstream = loaded
      case .failure(let missing):
        let reason = refused.upstreamReason(for: side) ?? .inputAbsent(missing.name)
        return tensors.map { side.notCompared($0, reason) }
      }
    } catch {
      return tensors.map { side.notCompared($0, .unusable(error)) }
    }
    spots +=
      program.blindSpots(operands, upstream)
      + GeneralBlindSpots.find(operands, upstream: upstream)
    // One gradient at a time: two of the largest layer need not be in memory together.
    return tensors.map { tensor in
      var gradients: Gradients<S>
      do {
        gradients = try program.backward(operands, upstream, GradientRequest(tensor))
      } catch {
        return side.notCompared(tensor, .unusable(error))
      }
      guard let computed = gradients.take(tensor), let stored = side.stored(tensor) else {
        return side.notCompared(tensor, .unusable("the layer has no gradient for it"))
      }
      return judge(tensor, computed, stored, operands, upstream: upstream)
    }
  }

  // MARK: Judging

  private func judge(
    _ tensor: ResultTensor, _ computed: Tensor<S>, _ stored: StoredTensor,
    _ operands: Operands<S>, upstream: [Tensor<S>]
  ) -> TensorReport {
    let path = side.path(tensor)
    do {
      let tolerance = try tolerance(tensor, computed, stored, operands, upstream)
      guard stored.shape == computed.shape else {
        return TensorReport(
          path: path, reference: side.name, verdict: .differ, shape: computed.shape,
          reason: .shapes(ours: computed.shape, reference: stored.shape),
          diagnosis: try diagnosis(tensor, computed, stored, tolerance))
      }
      let comparison = TensorComparison(computed, stored, tolerance)
      let found = try comparison.run(inputsAreFinite: {
        operands.isFinite && upstream.allSatisfy(\.isFinite)
      })
      let verdict = Verdict(found)
      let diagnosis = try diagnosis(tensor, computed, stored, tolerance, verdict, found)
      return TensorReport(
        path: path, reference: side.name, verdict: verdict.excused(by: diagnosis),
        shape: computed.shape, comparison: found, terms: tolerance.terms,
        detectableTerm: tolerance.detectableTerm, diagnosis: diagnosis)
    } catch {
      return side.notCompared(tensor, .unusable(error))
    }
  }

  /// How far each element of a result may lie from what the fixture holds.
  func tolerance(
    _ tensor: ResultTensor, _ computed: Tensor<S>, _ stored: StoredTensor,
    _ operands: Operands<S>, _ upstream: [Tensor<S>]
  ) throws -> Tolerance {
    let formats = formats(of: stored, ours: S.format)
    let question = BoundQuestion(
      tensor, operands: operands.asDouble, upstream: upstream.map { $0.asDouble },
      computed: computed.asDouble, rounding: formats.rounding)
    return Tolerance(
      try kind.bound(question), formats, shift: try shift(tensor, operands, upstream: upstream))
  }

  private func formats(of stored: StoredTensor, ours: NumberFormat) -> ComparisonFormats {
    ComparisonFormats(
      ours: ours, reference: stored.format ?? .float64,
      operandRoundoff: side.isTwin ? nil : arithmetic.operandRoundoff)
  }

  // MARK: Explaining

  /// Why the tensor differs; nil where it does not, or where nobody asked.
  private func diagnosis(
    _ tensor: ResultTensor, _ computed: Tensor<S>, _ stored: StoredTensor, _ tolerance: Tolerance,
    _ verdict: Verdict = .differ, _ found: Comparison? = nil
  ) throws -> TensorDiagnosis? {
    guard isDiagnosed else { return nil }
    if verdict == .warn, let found, found.beyondBand > 0 {
      return .roundingOnly(boundRatio: found.boundRatio)
    }
    guard verdict.isFailure else { return nil }
    let inquiry = Inquiry(
      kind: kind, operands: try side.operands(as: Double.self),
      upstream: (try? side.upstream(as: Double.self).get()) ?? [], flattened: flattened,
      formats: formats(of: stored, ours: .float64))
    let reference = try stored.read(as: Double.self)
    // A layer that breaks down now has been computed before: it differs without an explanation.
    return try? inquiry.diagnosis(
      of: tensor, ours: computed.asDouble, reference: reference, tolerance: tolerance)
  }
}
