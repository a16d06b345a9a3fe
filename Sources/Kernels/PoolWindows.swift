// How a pooling visits its windows: the mechanism of every kernel that pools.

internal import Tensors

/// One window of a pooling: the cells on each axis that lie inside the input.
struct CellWindow {
  let slabs: WindowCells
  let rows: WindowCells
  let columns: WindowCells

  /// Whether the window lies in the padding alone.
  var isEmpty: Bool { slabs.count == 0 || rows.count == 0 || columns.count == 0 }

  /// Calls `body` with the offset of the window's first cell in each row of a plane, in order.
  @inline(__always)
  func forEachRow(_ geometry: PoolGeometry, _ body: (Int) -> Void) {
    for o in 0..<slabs.count {
      let slab = (slabs.first + o * slabs.step) * geometry.height
      for p in 0..<rows.count {
        body((slab + rows.first + p * rows.step) * geometry.width + columns.first)
      }
    }
  }
}

/// All windows of a plane in row-major order.
struct PlaneWindows: Sendable {
  private let slabs: [WindowCells]
  private let rows: [WindowCells]
  private let columns: [WindowCells]

  init(_ geometry: PoolGeometry) {
    slabs = geometry.axes[0].cells
    rows = geometry.axes[1].cells
    columns = geometry.axes[2].cells
  }

  @inline(__always)
  func visit(_ body: (CellWindow) -> Void) {
    for slab in slabs {
      for row in rows {
        for column in columns {
          body(CellWindow(slabs: slab, rows: row, columns: column))
        }
      }
    }
  }
}

extension Pooling {
  /// One value for each window, from the start of its plane.
  @inline(__always)
  static func gather<S: KernelScalar>(
    _ x: [S], _ geometry: PoolGeometry, _ value: (UnsafePointer<S>, CellWindow) -> S
  ) -> [S] {
    precondition(x.count == geometry.inputCount)
    let windows = PlaneWindows(geometry)
    return withoutActuallyEscaping(value) { value in
      Array(uninitializedCount: geometry.outputCount) { y in
        x.withUnsafeBufferPointer { x in
          nonisolated(unsafe) let (x, y, value) = (x, y, value)
          Parallel.forEach(geometry.planes) { index in
            guard let x = x.baseAddress, let y = y.baseAddress else { return }
            let plane = x + index * geometry.inputArea
            var place = y + index * geometry.outputArea
            windows.visit { window in
              place.initialize(to: value(plane, window))
              place += 1
            }
          }
        }
      }
    }
  }

  /// Starts from zeros and lets each window add to its plane.
  @inline(__always)
  static func scatter<S: KernelScalar>(
    _ dy: [S], _ geometry: PoolGeometry,
    _ add: (_ plane: Int, CellWindow, _ gradient: S, UnsafeMutablePointer<S>) -> Void
  ) -> [S] {
    precondition(dy.count == geometry.outputCount)
    let windows = PlaneWindows(geometry)
    return withoutActuallyEscaping(add) { add in
      Array(uninitializedCount: geometry.inputCount) { dx in
        dy.withUnsafeBufferPointer { dy in
          nonisolated(unsafe) let (dy, dx, add) = (dy, dx, add)
          Parallel.forEach(geometry.planes) { index in
            guard let dx = dx.baseAddress else { return }
            let plane = dx + index * geometry.inputArea
            plane.initialize(repeating: 0, count: geometry.inputArea)
            // Without any window there is nothing to read.
            guard var gradient = dy.baseAddress.map({ $0 + index * geometry.outputArea })
            else { return }
            windows.visit { window in
              add(index, window, gradient.pointee, plane)
              gradient += 1
            }
          }
        }
      }
    }
  }
}
