import Diagnosis
import Discrepancy
import Interchange
import LayerKit
import Tensors

/// Why a tensor of a layer differs, and who is wrong about it.
struct Inquiry {
  /// The layer that was computed.
  let kind: AnyLayer
  /// Its operands in double precision, as they are stored.
  let operands: Operands<Double>
  /// The upstream gradients in double precision; empty where there are none.
  let upstream: [Tensor<Double>]
  /// The shape without its batch axis that the first input had before it was flattened.
  let flattened: Shape?
  /// How both sides are stored, ours in double precision.
  let formats: ComparisonFormats

  /// Explains the difference of one tensor.
  ///
  /// - Parameters:
  ///   - tensor: Which tensor it is.
  ///   - ours: What was computed here, in the precision of the run.
  ///   - reference: What the reference holds.
  ///   - tolerance: The limits of the comparison.
  /// - Returns: Its causes or its portrait, and who is wrong.
  /// - Throws: `LayerFailure` where the layer breaks down now.
  func diagnosis(
    of tensor: ResultTensor, ours: Tensor<Double>, reference: Tensor<Double>, tolerance: Tolerance
  ) throws(LayerFailure) -> TensorDiagnosis {
    // A run in single precision is explained in double: only the mistake must be left.
    let isExact = tolerance.formats.ours == .float64
    let computed = isExact ? ours : try kind.compute(tensor, operands, upstream) ?? ours
    let bound = try kind.bound(
      BoundQuestion(
        tensor, operands: operands, upstream: tensor.isGradient ? upstream : [],
        computed: computed, rounding: formats.rounding))
    let exact = Tolerance(bound, formats)
    func evidence(suspect: Tensor<Double>, right: Tensor<Double>) -> Evidence {
      Evidence(
        tensor, suspect: suspect, computed: right, operands: operands, upstream: upstream,
        layer: kind, rounding: formats.rounding, flattened: flattened, format: formats.reference)
    }
    let usual = evidence(suspect: reference, right: computed)
    let arbitration = Arbiter(usual, ours: ours, tolerance: tolerance).arbitrate()
    // Where the definition agrees with the reference, what was computed here is on trial.
    let accused =
      arbitration?.blame == .ours && reference.shape == ours.shape
      ? evidence(suspect: ours, right: reference) : usual
    var diagnosis = Diagnostician(accused, tolerance: exact).diagnosis()
    diagnosis.arbitration = arbitration
    if let nature = diagnosis.headline?.nature, nature != .mistake {
      let isConvention = nature == .convention
      diagnosis.arbitration = Arbitration(
        blame: .nobody, basis: arbitration?.basis ?? .definition,
        elements: arbitration?.elements ?? [],
        reason: isConvention
          ? "there is no derivative, and the reference follows another rule"
          : "the reference was computed with shorter numbers than the file says",
        isExcused: isConvention)
    }
    return diagnosis
  }
}

extension TensorDiagnosis {
  /// The diagnosis of a difference within its bound: no mistake.
  static func roundingOnly(boundRatio: Double) -> TensorDiagnosis {
    TensorDiagnosis(
      causes: [RoundingOnly.cause(boundRatio: boundRatio)],
      arbitration: Arbitration(
        blame: .nobody, basis: .definition, elements: [],
        reason: "every difference lies within the bound of rounding"))
  }
}

extension Verdict {
  /// The verdict once it is known why a tensor differs: what is nobody's mistake is no failure.
  func excused(by diagnosis: TensorDiagnosis?) -> Verdict {
    guard self == .differ, diagnosis?.arbitration?.isExcused == true else { return self }
    return .warn
  }
}
