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
///
/// An exponential and a power overflow, and their gradients are infinite or no number then.
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

/// Elementwise kinds whose results are rounded.
private let rounding: [Configuration] = [
  Configuration("CELU"), Configuration("CELU", ["alpha": 0.3]), Configuration("ELU"),
  Configuration("ELU", ["alpha": 0.3]), Configuration("Exp"), Configuration("GELU"),
  Configuration("GELU", ["approximate": "tanh"]), Configuration("Hardsigmoid"),
  Configuration("Hardswish"), Configuration("LeakyReLU"), Configuration("Log"),
  Configuration("LogSigmoid"), Configuration("Mish"), Configuration("Power", ["exponent": 2]),
  Configuration("Power", ["exponent": 3]), Configuration("Power", ["exponent": -1]),
  Configuration("Power", ["exponent": 0.5]), Configuration("Power", ["exponent": -1.5]),
  Configuration("Power", ["exponent": 7]), Configuration("SELU"),
  Configuration("Scale", ["factor": 0.1]), Configuration("Shift", ["offset": 0.1]),
  Configuration("SiLU"), Configuration("Sigmoid"), Configuration("Softplus"),
  Configuration("Softplus", ["beta": 0.7]), Configuration("Softplus", ["beta": -3]),
  Configuration("Softplus", ["beta": 2, "threshold": 1]),
  Configuration("Softshrink", ["lambd": 0.3]),
  Configuration("Softsign"), Configuration("Sqrt"), Configuration("Tanh"),
  Configuration("Tanhshrink"),
]

@Test(arguments: rounding)
func `a dense sweep stays within the bound, and the bound means something`(
  _ configuration: Configuration
) throws {
  let layer = try configuration.layer()
  // The whole range over which e^x is finite in single precision. No number is 0, where a
  // logarithm and a negative power are infinite.
  let x = Tensor([35_200], (0..<35_200).map { (Double($0) - 17_599.5) / 200 })
    .map { NumberFormat.float32.rounded($0) }
  let upstream = Tensor(x.shape, (0..<x.count).map { (Double($0 % 17) - 8.3) / 7 })
    .map { NumberFormat.float32.rounded($0) }
  let operands = Operands(inputs: [x], format: .float32)
  for comparison in PrecisionComparison.measure(layer, operands, upstream: [upstream]) {
    #expect(comparison.ratio <= 1, "\(comparison.tensor)")
    // Nothing is rounded in the gradient of a shift.
    let isExact =
      comparison.tensor != .output(0) && ["Shift", "Softshrink"].contains(configuration.kind)
    #expect(isExact ? comparison.ratio == 0 : comparison.ratio > 0.02, "\(comparison.tensor)")
  }
}
