import Kernels
import LayerKit
import Tensors

/// The geometry of a transposed convolution: that of the convolution which it runs backwards, from
/// its output to its input.
struct TransposedPlan: Sendable {
  /// The shape of the output.
  let output: Shape
  /// The windows over the output, one for each cell of the input.
  let axes: [WindowAxis]
  /// The convolution from the output to the input; nil if there is no sample.
  let geometry: ConvolutionGeometry?

  /// Plans a transposed convolution of x with the filters w; throws if nothing is left of the
  /// output.
  init(_ settings: ConvolutionSettings, _ x: Shape, _ w: Shape) throws(LayerProblem) {
    let outputChannels = w[1] * settings.groups
    var axes: [WindowAxis] = []
    var uncropped: [Int] = []
    for (axis, name) in WindowAxis.names(settings.stride.count).enumerated() {
      let (stride, dilation) = (settings.stride[axis], settings.dilation[axis])
      let effectiveKernel = dilation * (w[2 + axis] - 1) + 1
      let crop = settings.padding.ends(axis: axis, effectiveKernel: effectiveKernel)
      let rest = settings.outputPadding[axis]
      // H̃ = (H − 1)s + d(K − 1) + 1 + output_padding, H′ = H̃ − begin − end
      let full = (x[2 + axis] - 1) * stride + effectiveKernel + rest
      guard crop.begin + crop.end < full else {
        throw .outOfRange(
          hyperparameter: "padding", allowed: "less than \(full) in all along \(name)",
          found: settings.padding.stated)
      }
      // The last window ends before the rest, so the rest is cut off: with it there would be more
      // windows than cells of the input where it is not less than the stride.
      axes.append(
        WindowAxis(
          extent: full - crop.begin - crop.end, kernel: w[2 + axis], stride: stride,
          paddingBegin: crop.begin, paddingEnd: crop.end - rest, dilation: dilation))
      uncropped.append(full)
    }
    _ = try Shape.limited([x[0], outputChannels] + uncropped, of: "an output before cropping")
    self.axes = axes
    output = Shape([x[0], outputChannels] + axes.map(\.extent))
    geometry =
      x[0] == 0
      ? nil
      : ConvolutionGeometry(
        batch: x[0], inputChannels: outputChannels, outputChannels: x[1],
        groups: settings.groups, axes: axes)
  }
}
