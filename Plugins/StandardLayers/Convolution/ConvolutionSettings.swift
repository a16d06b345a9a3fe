import Kernels
import LayerKit
import Tensors

/// The hyper-parameters of a convolution or a transposed convolution.
public struct ConvolutionSettings: Sendable {
  /// Cells between two windows, per axis; default 1.
  var stride: [Int]
  /// Cells around the image, or those that a transposed convolution cuts off; default 0.
  var padding: WindowPadding
  /// Cells between two taps of a filter, per axis; default 1.
  var dilation: [Int]
  /// Into how many groups the channels are cut, each with filters of its own; default 1.
  let groups: Int
  /// What the cells around the image hold; default zeros, and nothing else if transposed.
  var paddingMode: PaddingMode
  /// Cells of a transposed convolution's output after those of the last window; default 0.
  let outputPadding: [Int]

  private let declared: DeclaredSizes

  /// Reads the hyper-parameters of a convolution.
  init(_ hyperparameters: inout HyperparameterReader, axes: Int) {
    self.init(&hyperparameters, axes: axes, outputPadding: [Int](repeating: 0, count: axes)) {
      $0.word("padding_mode", default: .zeros)
    }
  }

  /// Reads the hyper-parameters of a transposed convolution.
  init(transposed hyperparameters: inout HyperparameterReader, axes: Int) {
    let zeros = [Int](repeating: 0, count: axes)
    let outputPadding = hyperparameters.integers(
      "output_padding", count: axes, default: zeros, in: .cells(from: 0))
    self.init(&hyperparameters, axes: axes, outputPadding: outputPadding) {
      let _: ZerosAlone = $0.word("padding_mode", default: .zeros)
      return .zeros
    }
    for (axis, name) in WindowAxis.names(axes).enumerated() {
      // As in `torch.nn`; a convolution leaves less than a stride unreached.
      let limit = max(stride[axis], dilation[axis])
      guard outputPadding[axis] >= limit else { continue }
      hyperparameters.report(
        .outOfRange(
          hyperparameter: "output_padding",
          allowed: "less than the stride or the dilation, \(limit) along \(name)",
          found: .list(outputPadding.map { .integer($0) })))
      break
    }
  }

  private init(
    _ hyperparameters: inout HyperparameterReader, axes: Int, outputPadding: [Int],
    paddingMode: (inout HyperparameterReader) -> PaddingMode
  ) {
    let ones = [Int](repeating: 1, count: axes)
    stride = hyperparameters.integers("stride", count: axes, default: ones, in: .cells(from: 1))
    padding = hyperparameters.padding(stride: stride)
    dilation = hyperparameters.integers(
      "dilation", count: axes, default: ones, in: .cells(from: 1))
    groups = hyperparameters.integer("groups", default: 1, in: .cells(from: 1))
    self.paddingMode = paddingMode(&hyperparameters)
    self.outputPadding = outputPadding
    declared = hyperparameters.declaredSizes("in_channels", "out_channels", "kernel_size", "bias")
    hyperparameters.ignore("device", "dtype")
  }

  /// The only padding mode of a transposed convolution.
  private enum ZerosAlone: String, CaseIterable {
    case zeros
  }

  /// Throws unless the groups divide the input's channels.
  func checkGroups(inputChannels: Int) throws(LayerProblem) {
    guard inputChannels % groups == 0 else {
      throw .outOfRange(
        hyperparameter: "groups", allowed: "a divisor of the \(inputChannels) input channels",
        found: .integer(groups))
    }
  }

  /// Throws unless the bias and all declared sizes are what input and weights say.
  func checkSizes(
    _ operands: OperandShapes, inputChannels: Int, outputChannels: Int, kernel: [Int]
  ) throws {
    try operands.checkParameter("bias", is: [outputChannels], called: "(\(outputChannels),)")
    try declared.check("in_channels", equals: inputChannels)
    try declared.check("out_channels", equals: outputChannels)
    try declared.check("kernel_size", equals: kernel)
    try declared.check("bias", equals: operands.parameters["bias"] != nil)
  }

  /// How a message calls weights with these leading axes: `(O, 4, kH, kW)`.
  func notation(_ leading: String, _ second: String) -> String {
    let kernel = stride.count == 1 ? ["kL"] : Array(["kD", "kH", "kW"].suffix(stride.count))
    return "(\(([leading, second] + kernel).joined(separator: ", ")))"
  }
}

extension [Signature.Slot] {
  /// The weights, and a bias that may be missing.
  static var filters: [Signature.Slot] {
    [Signature.Slot("weight"), Signature.Slot("bias", optional: true)]
  }
}
