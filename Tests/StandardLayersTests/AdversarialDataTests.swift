import Conformance
import LayerKit
import StandardLayers
import Tensors
import Testing

/// Numbers that are awkward in single precision, in which they are exact.
enum AdversarialData: String, CaseIterable {
  /// Large enough to overflow an exponential, small enough not to overflow a product of four.
  case huge
  /// Subnormal numbers and zeros.
  case denormal
  /// Large numbers that nearly cancel.
  case cancelling
  /// Every order of magnitude from 1e-20 to 1e8.
  case spread
  /// Zeros, kinks and their neighbours.
  case kinks

  /// A tensor of such numbers.
  func tensor(_ shape: Shape, _ random: inout SplitMix64) -> Tensor<Double> {
    Tensor(
      shape, (0..<shape.count).map { _ in NumberFormat.float32.rounded(number(&random)) })
  }

  private func number(_ random: inout SplitMix64) -> Double {
    let x = random.real(between: -1, and: 1)
    switch self {
    case .huge: return x * 1e9
    case .denormal: return random.integer(in: 0...7) == 0 ? 0 : x * 1e-38
    case .cancelling: return (x < 0 ? -1 : 1) * 1e6 + x
    case .spread: return x * Double.power(10, Double(random.integer(in: -20...8)))
    case .kinks:
      let points = [0, -0.0, 6, 0x1p-149, -0x1p-149, 6 + 0x1p-21, 6 - 0x1p-21, 1, -1, 90, -90]
      return points[random.integer(in: 0...points.count - 1)]
    }
  }
}

/// Kinds whose bounds promise something for every finite operand.
private let kinds: Set<String> = [
  "Abs",
  "AdaptiveAvgPool1d",
  "AdaptiveAvgPool2d",
  "AdaptiveAvgPool3d",
  "AdaptiveMaxPool1d",
  "AdaptiveMaxPool2d",
  "AdaptiveMaxPool3d",
  "Add",
  "AlphaDropout",
  "AvgPool1d",
  "AvgPool2d",
  "AvgPool3d",
  "BatchNorm1d",
  "BatchNorm2d",
  "BatchNorm3d",
  "Bilinear",
  "CELU",
  "CTCLoss",
  "ChannelShuffle",
  "CircularPad1d",
  "CircularPad2d",
  "CircularPad3d",
  "Clip",
  "Concat",
  "ConstantPad1d",
  "ConstantPad2d",
  "ConstantPad3d",
  "Conv1d",
  "Conv2d",
  "Conv3d",
  "ConvTranspose1d",
  "ConvTranspose2d",
  "ConvTranspose3d",
  "CosineEmbeddingLoss",
  "CosineSimilarity",
  "Div",
  "Dropout",
  "Dropout1d",
  "Dropout2d",
  "Dropout3d",
  "ELU",
  "FeatureAlphaDropout",
  "Flatten",
  "Fold",
  "GELU",
  "GLU",
  "GaussianNLLLoss",
  "GroupNorm",
  "Hardshrink",
  "Hardsigmoid",
  "Hardswish",
  "Hardtanh",
  "HingeEmbeddingLoss",
  "HuberLoss",
  "Identity",
  "InstanceNorm1d",
  "InstanceNorm2d",
  "InstanceNorm3d",
  "KLDivLoss",
  "L1Loss",
  "LPPool1d",
  "LPPool2d",
  "LPPool3d",
  "LayerNorm",
  "LeakyReLU",
  "Linear",
  "LocalResponseNorm",
  "Log",
  "LogSigmoid",
  "LogSoftmax",
  "MarginRankingLoss",
  "MatMul",
  "MaxPool1d",
  "MaxPool2d",
  "MaxPool3d",
  "Mean",
  "Mish",
  "Mul",
  "MultiLabelMarginLoss",
  "MultiLabelSoftMarginLoss",
  "MultiMarginLoss",
  "Neg",
  "PReLU",
  "PairwiseDistance",
  "Parameter",
  "Permute",
  "PixelShuffle",
  "PixelUnshuffle",
  "PoissonNLLLoss",
  "RMSNorm",
  "RReLU",
  "ReLU",
  "ReLU6",
  "ReflectionPad1d",
  "ReflectionPad2d",
  "ReflectionPad3d",
  "ReplicationPad1d",
  "ReplicationPad2d",
  "ReplicationPad3d",
  "Reshape",
  "SELU",
  "Scale",
  "Shift",
  "SiLU",
  "Sigmoid",
  "Slice",
  "SmoothL1Loss",
  "SoftMarginLoss",
  "Softmax",
  "Softmax2d",
  "Softmin",
  "Softplus",
  "Softshrink",
  "Softsign",
  "Split",
  "Sqrt",
  "Squeeze",
  "Sub",
  "Sum",
  "SumPool1d",
  "SumPool2d",
  "SumPool3d",
  "Tanh",
  "Tanhshrink",
  "Threshold",
  "Transpose",
  "TripletMarginLoss",
  "TripletMarginWithDistanceLoss",
  "Unflatten",
  "Unfold",
  "Unsqueeze",
  "Upsample",
  "UpsamplingBilinear2d",
  "UpsamplingNearest2d",
  "ZeroPad1d",
  "ZeroPad2d",
  "ZeroPad3d",
]

@Test(
  arguments: Example.valid.filter { kinds.contains($0.definition.signature.kind) },
  AdversarialData.allCases)
func `awkward data in single precision stays within the bound`(
  _ example: Example, _ data: AdversarialData
) throws {
  let layer = try example.layer()
  for seed in 0..<8 as Range<UInt64> {
    var drawn = RandomOperands(seed: seed, format: .float32)
    var operands = drawn.operands(for: example.example, of: example.definition.signature)
    var random = SplitMix64(seed: 100 + seed)
    operands.inputs = operands.inputs.map { data.tensor($0.shape, &random) }
    let upstream = layer.double.define(operands).outputs.map { data.tensor($0.shape, &random) }
    for comparison in PrecisionComparison.measure(layer, operands, upstream: upstream) {
      #expect(comparison.ratio <= 1, "\(comparison.tensor), seed \(seed)")
    }
  }
}

@Test(arguments: ["LeakyReLU", "SiLU", "Sigmoid", "Tanh"])
func `a dense sweep stays within the bound, and the bound means something`(
  _ kind: String
) throws {
  let layer = try Application.layer(kind)
  // The whole range over which e^x is finite in single precision.
  let x = Tensor([17_600], (0..<17_600).map { (Double($0) - 8_800) / 100 })
    .map { NumberFormat.float32.rounded($0) }
  let upstream = Tensor(x.shape, (0..<x.count).map { (Double($0 % 17) - 8.3) / 7 })
    .map { NumberFormat.float32.rounded($0) }
  let operands = Operands(inputs: [x], format: .float32)
  for comparison in PrecisionComparison.measure(layer, operands, upstream: [upstream]) {
    #expect(comparison.ratio <= 1)
    #expect(comparison.ratio > 0.05)
  }
}
