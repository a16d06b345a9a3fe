import Kernels
import LayerKit
import Tensors

extension WindowAxis {
  /// The names of the spatial axes of an image with 1 to 3 of them, for messages.
  static func names(_ axes: Int) -> [String] {
    switch axes {
    case 1: namesOfOne
    case 2: namesOfTwo
    default: namesOfThree
    }
  }

  // Made once: a plan asks for them in every call.
  private static let namesOfOne = ["length"]
  private static let namesOfTwo = ["height", "width"]
  private static let namesOfThree = ["depth", "height", "width"]

  /// An axis on which at least one window fits; otherwise throws the figures.
  ///
  /// With `ceilMode` a window may hang over the end by less than a stride, so a single window
  /// longer than the padded extent can fit (as in `torch.nn`).
  static func fitting(
    _ name: String, extent: Int, kernel: Int, stride: Int, padding: (begin: Int, end: Int),
    dilation: Int, ceilMode: Bool = false
  ) throws(LayerProblem) -> WindowAxis {
    let effectiveKernel = dilation * (kernel - 1) + 1
    let slack = extent + padding.begin + padding.end - effectiveKernel
    guard slack >= 0 || (ceilMode && slack > -stride) else {
      throw .emptyOutput(
        axis: name, extent: extent, padding: padding.begin + padding.end,
        effectiveKernel: effectiveKernel)
    }
    return WindowAxis(
      extent: extent, kernel: kernel, stride: stride, paddingBegin: padding.begin,
      paddingEnd: padding.end, dilation: dilation, ceilMode: ceilMode)
  }

  /// The largest number of windows that one cell can lie in: ⌈K/S′⌉ with S′ = S / gcd(S, D).
  ///
  /// Window y reaches cell h with tap p if yS + pD = h + P. Two taps p, p′ reach the same cell
  /// with two windows only if (p − p′)·D is a multiple of S, that is, p − p′ one of S′.
  var overlap: Int {
    let step = stride / Self.greatestCommonDivisor(stride, dilation)
    return (kernel + step - 1) / step
  }

  private static func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int {
    b == 0 ? a : greatestCommonDivisor(b, a % b)
  }
}

extension OperandShapes {
  /// The shape of the first input, a batch of images with 1 to 3 spatial axes: N C L, N C H W or
  /// N C D H W; the batch alone may be empty.
  func image(axes: Int) throws(LayerProblem) -> Shape {
    let image = inputs[0]
    guard image.rank == 2 + axes, image.extents.dropFirst().allSatisfy({ $0 > 0 }) else {
      let spatial = axes == 1 ? ["L"] : Array(["D", "H", "W"].suffix(axes))
      let expected = "(\((["N", "C"] + spatial).joined(separator: ", ")))"
      throw .wrongShape(tensor: "input", expected: expected, found: image)
    }
    return image
  }

  /// Throws unless a parameter is absent or has the expected shape.
  func checkParameter(
    _ name: String, is expected: Shape, called notation: String
  ) throws(LayerProblem) {
    guard let shape = parameters[name], shape != expected else { return }
    throw .wrongShape(tensor: "parameters/\(name)", expected: notation, found: shape)
  }
}

/// The result of a rule that has accepted the same shapes before.
///
/// The shape rule of a layer runs before anything is computed, so in a computation it cannot
/// fail any more.
func established<Result>(_ rule: () throws -> Result) -> Result {
  do {
    return try rule()
  } catch {
    preconditionFailure("a layer computes with operands that its shape rule refuses: \(error)")
  }
}
