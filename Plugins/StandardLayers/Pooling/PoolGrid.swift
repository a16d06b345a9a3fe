import Kernels
import Tensors

/// The windows of a pool over one image.
public struct PoolGrid: Sendable {
  /// The shape of the image: N, C and one to three spatial axes.
  let image: Shape
  /// The windows on each spatial axis.
  let axes: [PoolAxis]

  /// The extents of the output: one number for each window of each plane.
  var outputExtents: [Int] { [image[0], image[1]] + axes.map(\.output) }

  /// The shape of the output, once its elements have been counted.
  var output: Shape { Shape(outputExtents) }

  /// The geometry for the kernels; nil if there is nothing to compute.
  var geometry: PoolGeometry? {
    output.count == 0 ? nil : PoolGeometry(planes: image[0] * image[1], axes: axes)
  }

  /// The largest number of windows that one cell can lie in.
  var overlap: Int { axes.map(\.overlap).reduce(1, *) }

  /// The largest number of cells that a window can have.
  var longestWindow: Int { axes.map(\.longestWindow).reduce(1, *) }

  /// The output computed by a kernel; empty if there is nothing to compute.
  func forward<S>(_ kernel: (PoolGeometry) -> [S]) -> Tensor<S> {
    Tensor(output, geometry.map(kernel) ?? [])
  }

  /// The gradient of the image computed by a kernel; zero if nothing was computed from it.
  func backward<S: KernelScalar>(_ kernel: (PoolGeometry) -> [S]) -> Tensor<S> {
    geometry.map { Tensor(image, kernel($0)) } ?? Tensor(image, repeating: 0)
  }

  /// A tensor of one number for each window, computed from the cells of the window that lie inside
  /// the image, in row-major order.
  ///
  /// `combine` is given the values of these cells and the window's place on each axis.
  func mapWindows<S: Scalar>(
    _ x: Tensor<S>, _ combine: (_ cells: [S], _ window: [Int]) -> S
  ) -> Tensor<S> {
    let spatial = Shape(axes.map(\.output))
    var y: [S] = []
    y.reserveCapacity(output.count)
    guard output.count > 0 else { return Tensor(output, y) }
    for plane in 0..<image[0] * image[1] {
      for offset in 0..<spatial.count {
        let window = spatial.index(at: offset)
        // The offsets of the cells, one more axis at a time.
        var cells = [plane]
        for (axis, index) in zip(axes, window) {
          let positions = axis.cells(of: index)
          cells = cells.flatMap { cell in positions.map { cell * axis.extent + $0 } }
        }
        y.append(combine(cells.map { x[$0] }, window))
      }
    }
    return Tensor(output, y)
  }
}

extension PoolAxis {
  /// The cells of a window that lie inside the extent.
  func cells(of window: Int) -> [Int] {
    switch self {
    case .sliding(let axis):
      (0..<axis.kernel).map { axis.cell(window: window, tap: $0) }
        .filter { 0 <= $0 && $0 < axis.extent }
    case .adaptive(let axis):
      Array(axis.cells(window: window))
    }
  }

  /// The largest number of windows that one cell can lie in.
  fileprivate var overlap: Int {
    switch self {
    case .sliding(let axis): axis.overlap
    case .adaptive(let axis): axis.overlap
    }
  }

  /// The largest number of cells that a window can have.
  fileprivate var longestWindow: Int {
    switch self {
    case .sliding(let axis): axis.kernel
    case .adaptive(let axis): (0..<axis.output).map { axis.cells(window: $0).count }.max() ?? 0
    }
  }
}

extension AdaptiveAxis {
  /// The largest number of windows that one cell lies in.
  fileprivate var overlap: Int {
    var counts = [Int](repeating: 0, count: extent)
    for window in 0..<output {
      for cell in cells(window: window) { counts[cell] += 1 }
    }
    return counts.max() ?? 0
  }
}
