import Discrepancy
import LayerKit
import Tensors

/// Numbers that were shortened on the way.
struct PrecisionCauses {
  private let tolerance: Tolerance?

  /// The causes for a tensor of the given tolerance; none holds where it is nil.
  init(_ tolerance: Tolerance?) { self.tolerance = tolerance }

  var all: [Cause] { [tf32, bfloat16, float16, constants] }

  /// The operands of products rounded to 11 significant bits, the exponent kept.
  private var tf32: Cause {
    Cause(
      "reduced-precision-tf32",
      advice: "the products were computed with operands of 11 significant bits (TF32): compute in "
        + "full float32, or declare `arithmetic` = \"tf32\" in the fixture",
      remedies: [
        .torch: "`torch.backends.cuda.matmul.allow_tf32 = False` and "
          + "`torch.backends.cudnn.allow_tf32 = False`",
        .keras: "`tf.config.experimental.enable_tensor_float_32_execution(False)`",
        .jax: "`jax.default_matmul_precision(\"highest\")`",
      ], nature: .rounding
    ) { evidence in
      guard isProduct, evidence.errorIsSmall else { return [] }
      return [
        ("rounded to nearest", Shortening.nearest), ("cut off", Shortening.truncated),
      ].compactMap { name, shorten in
        evidence.replay(shortening: shorten, detail: "operands \(name)")?.visible(.fine)
      }
    }
  }

  private var bfloat16: Cause {
    Cause(
      "reduced-precision-bf16",
      advice: "the numbers were rounded to bfloat16: compute in float32, or store the tensor as "
        + "bfloat16",
      remedies: Self.castRemedies, nature: .rounding
    ) { evidence in
      stored(evidence, as: .bfloat16) + operands(evidence, as: .bfloat16)
    }
  }

  private var float16: Cause {
    Cause(
      "reduced-precision-fp16",
      advice: "the numbers were rounded to float16: compute in float32, or store the tensor as "
        + "float16",
      remedies: Self.castRemedies, nature: .rounding
    ) { evidence in
      stored(evidence, as: .float16) + operands(evidence, as: .float16)
    }
  }

  private static let castRemedies: [Framework: String] = [
    .torch: "look for `torch.autocast`, `.half()` or `.bfloat16()`",
    .keras: "look for `keras.mixed_precision.set_global_policy`",
    .jax: "look for `.astype(jnp.bfloat16)` or `jnp.float16`",
  ]

  /// The kind's constants rounded to float32 in a computation in float64.
  private var constants: Cause {
    Cause(
      "constant-in-lower-precision",
      advice: "a constant of the layer (a slope, an ε) was rounded to float32 although the layer "
        + "computes in float64"
    ) { evidence in
      guard evidence.operands.format == .float64, evidence.errorIsSmall else { return [] }
      var operands = evidence.operands
      operands.format = .float32
      return [evidence.replay(operands: operands)].compactMap { $0 }
    }
  }

  /// Only sums of products have operands that are shortened.
  private var isProduct: Bool {
    if case .accumulated(_, _, let products) = tolerance?.bound { products } else { false }
  }

  /// The result itself, rounded: every element of the suspect is a number of the format.
  private func stored(_ evidence: Evidence, as format: NumberFormat) -> [Prediction] {
    guard let tolerance, evidence.errorIsSmall,
      evidence.format.unitRoundoff < format.unitRoundoff,
      evidence.suspect.elements.allSatisfy({ format.rounded($0) == $0 })
    else { return [] }
    let (computed, limits) = (evidence.computed, tolerance.limits(of: evidence.computed))
    let rounded = computed.map { format.rounded($0) }
    // Short numbers by chance (integers, 1/n) prove nothing: most elements must have been rounded.
    let changed = computed.elements.indices.count {
      (rounded[$0] - computed[$0]).magnitude > limits[$0]
    }
    let nonzero = computed.elements.count { $0 != 0 }
    guard changed >= max(4, nonzero / 2) else { return [] }
    let step = 2 * format.unitRoundoff
    let bound = computed.zip(limits) { step * $0.magnitude + $1 + format.smallestNormal * step }
    return [
      Prediction(rounded, detail: "every element is a number of the format") {
        .elementwise(bound)
      }.visible(.form)
    ]
  }

  /// The operands of products, rounded.
  private func operands(_ evidence: Evidence, as format: NumberFormat) -> [Prediction] {
    guard isProduct, evidence.errorIsSmall else { return [] }
    // With the range of TF32 the two cannot be told apart.
    if format == .float16, evidence.fitsFloat16 { return [] }
    return [
      evidence.replay(shortening: { format.rounded($0) }, detail: "operands rounded")
    ].compactMap { $0?.visible(.fine) }
  }
}

/// Shortening to 11 significant bits.
private enum Shortening {
  /// To nearest; ties away from zero, as the hardware does.
  static func nearest(_ x: Double) -> Double {
    Double(bitPattern: (x.bitPattern &+ half) & ~mask)
  }

  /// Towards zero.
  static func truncated(_ x: Double) -> Double { Double(bitPattern: x.bitPattern & ~mask) }

  /// Of the 52 bits of a double's fraction 10 remain.
  private static let mask: UInt64 = (1 << 42) - 1
  private static let half: UInt64 = 1 << 41
}

extension Evidence {
  /// Whether the error is small enough to be that of shortened numbers: a cheap test first.
  fileprivate var errorIsSmall: Bool {
    guard suspect.shape == computed.shape else { return false }
    var (errors, squares) = (0.0, 0.0)
    for i in 0..<computed.count {
      errors += (suspect[i] - computed[i]) * (suspect[i] - computed[i])
      squares += computed[i] * computed[i]
    }
    return errors <= 0.01 * squares
  }

  /// Whether rounding the operands to float16 is the same as keeping 11 bits.
  fileprivate var fitsFloat16: Bool {
    let tensors = operands.inputs + operands.parameters.values + (tensor.isGradient ? upstream : [])
    return tensors.allSatisfy { tensor in
      tensor.elements.allSatisfy {
        $0 == 0 || (NumberFormat.float16.smallestNormal...65504).contains($0.magnitude)
      }
    }
  }

  /// The layer fed with shortened factors; a bias is added and stays as it is.
  fileprivate func replay(
    shortening shorten: @Sendable (Double) -> Double, detail: String
  ) -> Prediction? {
    var short = operands
    short.inputs = operands.inputs.map { $0.mapInParallel(shorten) }
    for (name, tensor) in operands.parameters where name != "bias" {
      short.parameters[name] = tensor.mapInParallel(shorten)
    }
    return replay(
      operands: short, upstream: upstream.map { $0.mapInParallel(shorten) }, detail: detail)
  }
}
