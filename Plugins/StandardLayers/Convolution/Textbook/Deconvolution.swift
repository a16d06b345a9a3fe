// The gradients of a convolution as correlations of padded, dilated and turned images.
// Source: V. Dumoulin, F. Visin, *A guide to convolution arithmetic for deep learning*, 2016, §4.6.
// Published short forms leave out the remainder and the exchange of the channels; both are here.

public import Kernels
public import Tensors

/// The gradients of a convolution by correlating once more ("deconvolution").
///
/// Per axis: n = H + P + P′ − K̃, K̃ = d(K − 1) + 1, r = n mod s. The windows end r cells before the
/// padded image does; those cells belong to it all the same.
///
///     dX = pad(dilate(dY, s, r), K̃ − 1 − P, K̃ − 1 − P′) ⋆_d rot180trans(W)
///     dW = pad(rot(dilate(dY, s, r)), K̃ − 1 − P′, K̃ − 1 − P) ⋆ rot180trans(X), at steps of d
///
/// dilate sets s − 1 zeros between neighbours and r after the last; a negative padding cuts off;
/// rot180trans turns each image by 180° and exchanges the two leading axes. In the second line the
/// exchange makes the sum run over the samples. With groups, each group stands alone.
public struct Deconvolution: Sendable {
  /// The shapes.
  public let geometry: ConvolutionGeometry

  /// Describes a convolution over two axes that is padded with zeros.
  public init(_ geometry: ConvolutionGeometry) {
    precondition(geometry.axes.count == 2, "the textbook writes the formulas for images")
    self.geometry = geometry
  }

  private var dilation: (rows: Int, columns: Int) {
    (geometry.height.dilation, geometry.width.dilation)
  }

  private func inputs(_ group: Int) -> Range<Int> {
    let count = geometry.inputChannels / geometry.groups
    return group * count..<(group + 1) * count
  }

  private func outputs(_ group: Int) -> Range<Int> {
    let count = geometry.outputChannels / geometry.groups
    return group * count..<(group + 1) * count
  }

  /// dY with zeros between its elements and the remainder after them.
  private func dilated<S: Scalar>(_ dy: Tensor<S>) -> Tensor<S> {
    ImageOperators.dilated(
      dy, by: (geometry.height.stride, geometry.width.stride),
      appending: (geometry.height.remainder, geometry.width.remainder))
  }

  /// K̃ − 1 − P and K̃ − 1 − P′ of an axis.
  private func outerPadding(_ axis: WindowAxis) -> (begin: Int, end: Int) {
    let reach = axis.effectiveKernel - 1
    return (reach - axis.paddingBegin, reach - axis.paddingEnd)
  }

  /// dx.
  public func inputGradient<S: Scalar>(_ dy: Tensor<S>, _ w: Tensor<S>) -> Tensor<S> {
    let padded = ImageOperators.padded(
      dilated(dy), rows: outerPadding(geometry.height), columns: outerPadding(geometry.width))
    let samples = 0..<geometry.batch
    let channels = 0..<w.shape[1]
    var dx = Tensor(
      [geometry.batch, geometry.inputChannels, geometry.height.extent, geometry.width.extent],
      repeating: S.zero)
    for group in 0..<geometry.groups {
      let filters = ImageOperators.selected(w, outputs(group), channels)
      let turned = ImageOperators.exchanged(ImageOperators.rotated(filters))
      let gradient = ImageOperators.correlated(
        ImageOperators.selected(padded, samples, outputs(group)), turned, dilation: dilation)
      place(gradient, at: (0, inputs(group).lowerBound), in: &dx)
    }
    return dx
  }

  /// dw.
  public func weightGradient<S: Scalar>(_ x: Tensor<S>, _ dy: Tensor<S>) -> Tensor<S> {
    let (rows, columns) = (outerPadding(geometry.height), outerPadding(geometry.width))
    let padded = ImageOperators.padded(
      ImageOperators.rotated(dilated(dy)), rows: (rows.end, rows.begin),
      columns: (columns.end, columns.begin))
    let samples = 0..<geometry.batch
    var dw = Tensor(
      [
        geometry.outputChannels, geometry.inputChannels / geometry.groups,
        geometry.height.kernel, geometry.width.kernel,
      ], repeating: S.zero)
    for group in 0..<geometry.groups {
      let images = ImageOperators.selected(x, samples, inputs(group))
      let gradient = ImageOperators.correlated(
        ImageOperators.exchanged(ImageOperators.selected(padded, samples, outputs(group))),
        ImageOperators.exchanged(ImageOperators.rotated(images)))
      place(
        ImageOperators.thinned(gradient, by: dilation), at: (outputs(group).lowerBound, 0),
        in: &dw)
    }
    return dw
  }

  /// Copies images to their places along the leading axes.
  private func place<S: Scalar>(
    _ images: Tensor<S>, at start: (Int, Int), in result: inout Tensor<S>
  ) {
    precondition(
      images.shape.extents.suffix(2) == result.shape.extents.suffix(2),
      "the extents follow from n = H + P + P′ − K̃")
    for a in 0..<images.shape[0] {
      for b in 0..<images.shape[1] {
        for i in 0..<images.shape[2] {
          for j in 0..<images.shape[3] {
            result[start.0 + a, start.1 + b, i, j] = images[a, b, i, j]
          }
        }
      }
    }
  }
}
