import Kernels

/// Which cells of an image the windows over its one to three spatial axes lie on.
struct WindowCells: Sendable {
  /// A tap of a window, and the cell that it lies on: offsets in the kernel and in the plane.
  struct Reach: Hashable, Sendable {
    let tap: Int
    let cell: Int
  }

  /// For each window in row-major order its taps that lie on the image, in row-major order.
  let windows: [[Reach]]

  /// Follows the windows axis by axis, the last one fastest; what lies in the padding is left out.
  init(_ axes: [WindowAxis]) {
    windows = axes.reduce([[Reach(tap: 0, cell: 0)]]) { windows, axis in
      windows.flatMap { reaches in
        (0..<axis.output).map { y in
          reaches.flatMap { outer in
            (0..<axis.kernel).compactMap { p -> Reach? in
              let h = axis.cell(window: y, tap: p)
              guard h >= 0, h < axis.extent else { return nil }
              return Reach(
                tap: outer.tap * axis.kernel + p, cell: outer.cell * axis.extent + h)
            }
          }
        }
      }
    }
  }
}
