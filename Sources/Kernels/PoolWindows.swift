// How a pooling visits its windows: the mechanism of every kernel that pools.

internal import Tensors

/// One window of a pooling: the cells that lie inside the input.
struct CellWindow {
  /// The offsets in the plane of the rows that the window reaches, in order.
  let rows: UnsafeBufferPointer<Int>
  /// The cells of each of these rows.
  let columns: WindowCells

  /// Whether the window lies in the padding alone.
  var isEmpty: Bool { rows.isEmpty || columns.count == 0 }

  /// Calls `body` with the offset of each cell in the plane, in row-major order.
  @inline(__always)
  func forEachCell(_ body: (Int) -> Void) {
    for row in rows {
      let first = row + columns.first
      // Neighbouring cells are common, and the compiler knows how to take several at once.
      if columns.step == 1 {
        for cell in first..<first + columns.count { body(cell) }
      } else {
        for q in 0..<columns.count { body(first + q * columns.step) }
      }
    }
  }
}

/// All windows of a plane.
struct PlaneWindows: Sendable {
  private let slabs: [WindowCells]
  private let rows: [WindowCells]
  private let columns: [WindowCells]
  private let height: Int
  private let width: Int
  /// The largest number of rows that a window reaches.
  private let mostRows: Int

  init(_ geometry: PoolGeometry) {
    slabs = geometry.axes[0].cells
    rows = geometry.axes[1].cells
    columns = geometry.axes[2].cells
    height = geometry.axes[1].extent
    width = geometry.axes[2].extent
    func most(_ cells: [WindowCells]) -> Int { cells.map(\.count).max() ?? 0 }
    mostRows = most(slabs) * most(rows)
  }

  /// The planes that one task takes.
  var grain: Int {
    let cells = [slabs, rows, columns].map { $0.reduce(0) { $0 + $1.count } }
    return Parallel.grain(touching: cells[0] * cells[1] * cells[2])
  }

  /// Calls `body` with each window in row-major order.
  @inline(__always)
  func visit(_ body: (CellWindow) -> Void) {
    withUnsafeTemporaryAllocation(of: Int.self, capacity: mostRows) { offsets in
      for slab in slabs {
        for row in rows {
          var count = 0
          for o in 0..<slab.count {
            for p in 0..<row.count {
              let y = (slab.first + o * slab.step) * height + row.first + p * row.step
              offsets.initializeElement(at: count, to: y * width)
              count += 1
            }
          }
          let reached = UnsafeBufferPointer(rebasing: offsets[..<count])
          for column in columns { body(CellWindow(rows: reached, columns: column)) }
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
          Parallel.forEach(geometry.planes, grain: windows.grain) { index in
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
          Parallel.forEach(geometry.planes, grain: windows.grain) { index in
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
