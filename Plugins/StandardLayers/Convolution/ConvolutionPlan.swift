import Kernels
import LayerKit
import Tensors

/// The one geometry of a convolution, and what is done to the image before.
struct ConvolutionPlan: Sendable {
  /// The shape of the output.
  let output: Shape
  /// The axes of what is padded with zeros at most.
  let axes: [WindowAxis]
  /// The convolution over these axes; nil if there is no sample.
  let geometry: ConvolutionGeometry?
  /// How the image is extended where the padding is not of zeros.
  let image: ImageExtension?

  /// Plans a convolution of x with the filters w; throws if no window fits.
  init(_ settings: ConvolutionSettings, _ x: Shape, _ w: Shape) throws(LayerProblem) {
    let names = WindowAxis.names(settings.stride.count)
    var padded: [WindowAxis] = []
    padded.reserveCapacity(names.count)
    for (axis, name) in names.enumerated() {
      padded.append(try Self.axis(axis, name, settings, extent: x[2 + axis], kernel: w[2 + axis]))
    }
    _ = try Self.shape(x[0], x[1], padded, of: "a padded image") {
      $0.extent + $0.paddingBegin + $0.paddingEnd
    }
    let isExtended =
      settings.paddingMode != .zeros && padded.contains { $0.paddingBegin + $0.paddingEnd > 0 }
    image =
      isExtended
      ? ImageExtension(
        settings.paddingMode, extents: padded.map(\.extent), begin: padded.map(\.paddingBegin),
        end: padded.map(\.paddingEnd)) : nil
    axes = isExtended ? padded.map(\.withPaddingAsCells) : padded
    output = try Self.shape(x[0], w[0], axes, of: "an output") { $0.output }
    geometry =
      x[0] == 0
      ? nil
      : ConvolutionGeometry(
        batch: x[0], inputChannels: x[1], outputChannels: w[0], groups: settings.groups,
        axes: axes)
  }

  /// The shape of images, if it is not too large; in one array, since every call plans anew.
  private static func shape(
    _ samples: Int, _ channels: Int, _ axes: [WindowAxis], of tensor: String,
    _ extent: (WindowAxis) -> Int
  ) throws(LayerProblem) -> Shape {
    var extents: [Int] = []
    extents.reserveCapacity(2 + axes.count)
    extents.append(samples)
    extents.append(channels)
    for axis in axes { extents.append(extent(axis)) }
    return try Shape.limited(extents, of: tensor)
  }

  private static func axis(
    _ axis: Int, _ name: String, _ settings: ConvolutionSettings, extent: Int, kernel: Int
  ) throws(LayerProblem) -> WindowAxis {
    let ends = settings.padding.ends(
      axis: axis, effectiveKernel: settings.dilation[axis] * (kernel - 1) + 1)
    let limit = settings.paddingMode.limit(extent: extent)
    guard max(ends.begin, ends.end) <= limit else {
      throw .outOfRange(
        hyperparameter: "padding",
        allowed: "at most \(limit) along \(name) with the padding mode "
          + "\"\(settings.paddingMode.rawValue)\"", found: settings.padding.stated)
    }
    return try WindowAxis.fitting(
      name, extent: extent, kernel: kernel, stride: settings.stride[axis], padding: ends,
      dilation: settings.dilation[axis])
  }
}

extension WindowAxis {
  /// The same windows over an axis that has the padding as ordinary cells.
  fileprivate var withPaddingAsCells: WindowAxis {
    WindowAxis(
      extent: extent + paddingBegin + paddingEnd, kernel: kernel, stride: stride,
      dilation: dilation)
  }
}
