import LayerKit
import StandardLayers
import Tensors
import Testing

/// Elementwise kinds whose results are rounded.
private let roundingKinds: [Configuration] = [
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

@Test(arguments: roundingKinds)
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
  for comparison in try PrecisionComparison.measure(layer, operands, upstream: [upstream]) {
    #expect(comparison.ratio <= 1, "\(comparison.tensor)")
    // Nothing is rounded in the gradient of a shift.
    let isExact =
      comparison.tensor != .output(0) && ["Shift", "Softshrink"].contains(configuration.kind)
    #expect(isExact ? comparison.ratio == 0 : comparison.ratio > 0.02, "\(comparison.tensor)")
  }
}
