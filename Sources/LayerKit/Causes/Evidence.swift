public import Tensors

/// Everything that is known about one tensor that differs.
public struct Evidence: Sendable {
  /// Which tensor of the layer.
  public let tensor: ResultTensor
  /// What the reference, or the layer on trial, gives; its shape may be another one.
  public let suspect: Tensor<Double>
  /// What was computed here in double precision.
  public let computed: Tensor<Double>
  /// What the layer computed from.
  public let operands: Operands<Double>
  /// The upstream gradients, also where the tensor is an output; empty where there are none.
  public let upstream: [Tensor<Double>]
  /// The layer as it is configured.
  public let layer: AnyLayer
  /// The arithmetic of both sides together.
  public let rounding: Rounding
  /// The shape without its batch axis that the first input had before it was flattened, [C, H, W];
  /// nil where it was not.
  public let flattened: Shape?
  /// The format in which the suspect is stored.
  public let format: NumberFormat
  /// The sample on which a replay is tried before the whole batch.
  public let probedSample: Int

  /// Gathers what is known.
  public init(
    _ tensor: ResultTensor, suspect: Tensor<Double>, computed: Tensor<Double>,
    operands: Operands<Double>, upstream: [Tensor<Double>], layer: AnyLayer, rounding: Rounding,
    flattened: Shape? = nil, format: NumberFormat = .float64
  ) {
    self.tensor = tensor
    self.suspect = suspect
    self.computed = computed
    self.operands = operands
    self.upstream = upstream
    self.layer = layer
    self.rounding = rounding
    self.flattened = flattened
    self.format = format
    probedSample = Self.worstSample(suspect, computed)
  }

  /// The entry of the first axis in which the two sides lie furthest apart.
  private static func worstSample(_ a: Tensor<Double>, _ b: Tensor<Double>) -> Int {
    guard a.shape == b.shape, b.shape.rank > 0, b.count > 0 else { return 0 }
    var (worst, largest) = (0, 0.0)
    for i in 0..<b.count {
      let error = (a[i] - b[i]).magnitude
      if error > largest { (worst, largest) = (i, error) }
    }
    return worst / (b.count / b.shape[0])
  }

  /// The tensor that another layer, or this one fed otherwise, computes in the place of this one.
  ///
  /// Nil where those operands do not fit that layer, or where it does not compute the tensor.
  public func replay(
    _ other: AnyLayer? = nil, operands changed: Operands<Double>? = nil,
    upstream changedUpstream: [Tensor<Double>]? = nil, of wanted: ResultTensor? = nil,
    detail: String? = nil
  ) -> Prediction? {
    let replay = Replay(
      layer: other ?? layer, operands: changed ?? operands, upstream: changedUpstream ?? upstream,
      tensor: wanted ?? tensor)
    guard let shape = replay.shape else { return nil }
    let rounding = rounding
    return Prediction(
      of: shape, margin: .own { replay.bound(rounding) }, detail: detail,
      probe: replay.probe(sample: probedSample)
    ) { replay.values }
  }
}

extension ResultTensor {
  /// Whether the tensor is a result of the backward pass.
  public var isGradient: Bool {
    switch self {
    case .inputGradient, .parameterGradient: true
    case .output, .buffer: false
    }
  }
}
