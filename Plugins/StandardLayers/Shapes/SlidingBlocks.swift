// What Fold and Unfold share: images and the blocks of a sliding window over them.

import Kernels
import LayerKit
import Tensors

/// A window that slides over images, for the kinds that lay its contents out as columns.
///
///     column[n, (c·P + p)·Q + q, i·W′ + j] ↔ image[n, c, i·s + p·d − a, j·s + q·d − a]
///
/// Cells of the padding hold 0 and go nowhere.
public struct SlidingBlocks: Hashable, Sendable {
  /// The cells of the window, P × Q.
  let kernel: [Int]
  let dilation: [Int]
  let padding: [Int]
  let stride: [Int]

  /// Reads `kernel_size`, `dilation`, `padding` and `stride`; one number serves for both axes.
  init(_ hyperparameters: inout HyperparameterReader) {
    kernel = hyperparameters.integers("kernel_size", count: 2, in: .cells(from: 1))
    dilation = hyperparameters.integers(
      "dilation", count: 2, default: [1, 1], in: .cells(from: 1))
    padding = hyperparameters.integers("padding", count: 2, default: [0, 0], in: .cells(from: 0))
    stride = hyperparameters.integers("stride", count: 2, default: [1, 1], in: .cells(from: 1))
  }

  /// The cells of a window.
  var area: Int { kernel[0] * kernel[1] }

  /// The vertical and the horizontal axis; throws if no window fits.
  func axes(_ extents: [Int]) throws -> [WindowAxis] {
    try zip(WindowAxis.names(2), extents).enumerated().map { axis, named in
      try WindowAxis.fitting(
        named.0, extent: named.1, kernel: kernel[axis], stride: stride[axis],
        padding: (padding[axis], padding[axis]), dilation: dilation[axis])
    }
  }

  /// The columns of an image [N, C, H, W]: [N, C·P·Q, H′·W′].
  func unfolded<S: Scalar>(_ image: Tensor<S>, _ axes: [WindowAxis]) -> Tensor<S> {
    var columns = Tensor(columns(of: image.shape, axes), repeating: S.zero)
    forEachCell(axes, planes: image.shape[0] * image.shape[1]) { cell, place in
      columns[place] = image[cell]
    }
    return columns
  }

  /// The image of a shape whose cells are the sums over the places that they have in the columns.
  func folded<S: Scalar>(
    _ columns: Tensor<S>, to shape: Shape, _ axes: [WindowAxis]
  ) -> Tensor<S> {
    var image = Tensor(shape, repeating: S.zero)
    forEachCell(axes, planes: shape[0] * shape[1]) { cell, place in image[cell] += columns[place] }
    return image
  }

  /// The shape of the columns of an image.
  func columns(of image: Shape, _ axes: [WindowAxis]) -> Shape {
    [image[0], image[1] * area, axes[0].output * axes[1].output]
  }

  /// Calls `body` with the offset of a cell and of its place in the columns, for each place that
  /// lies on the image; the places of a cell come in order.
  private func forEachCell(
    _ axes: [WindowAxis], planes: Int, _ body: (_ cell: Int, _ place: Int) -> Void
  ) {
    let (height, width) = (axes[0], axes[1])
    var place = 0
    for plane in 0..<planes {
      for p in 0..<height.kernel {
        for q in 0..<width.kernel {
          for i in 0..<height.output {
            let y = height.cell(window: i, tap: p)
            let row = (plane * height.extent + y) * width.extent
            defer { place += width.output }
            guard (0..<height.extent).contains(y) else { continue }
            for j in 0..<width.output {
              let x = width.cell(window: j, tap: q)
              if (0..<width.extent).contains(x) { body(row + x, place + j) }
            }
          }
        }
      }
    }
  }

  /// The bound of sums over the windows that a cell lies in.
  func bound(
    _ axes: [WindowAxis], magnitude: @autoclosure () -> Tensor<Double>, _ rounding: Rounding
  ) -> ErrorBound {
    .sum(ofCopies: axes[0].overlap * axes[1].overlap, magnitude: magnitude(), rounding)
  }
}
