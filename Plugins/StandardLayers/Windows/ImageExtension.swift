import LayerKit
import Tensors

/// Images extended, or cut, at the ends of their spatial axes, and the adjoint of that.
///
///     Xp[n,c,i,j,…] = X[n, c, row(i), column(j), …], or a constant outside of the image
///     dX[n,c,y,x,…] = Σ dXp[n,c,i,j,…] over all i, j, … with row(i) = y, column(j) = x, …
struct ImageExtension: Sendable {
  /// For each spatial axis and each cell of the extended image, the cell that it is a copy of; nil
  /// where a constant stands.
  private let sources: [[Int?]]
  /// The extents of the image.
  private let extents: [Int]

  /// Describes the extension of an image; negative numbers cut cells away.
  ///
  /// A circular extension repeats what is left of the image, the others extend the whole image
  /// (as in `torch.nn`).
  init(_ mode: PaddingMode, extents: [Int], begin: [Int], end: [Int]) {
    self.extents = extents
    sources = extents.indices.map { axis in
      let first = mode == .circular ? max(0, -begin[axis]) : 0
      let last = mode == .circular ? max(0, -end[axis]) : 0
      let extent = extents[axis] - first - last
      let positions = -begin[axis]..<extents[axis] + end[axis]
      return positions.map { position -> Int? in
        mode.source(of: position - first, extent: extent).map { $0 + first }
      }
    }
  }

  /// The extents of the extended image.
  var extendedExtents: [Int] { sources.map(\.count) }

  /// The largest number of copies of one cell.
  var copies: Int { sources.map(Self.copies).reduce(1, *) }

  private static func copies(_ sources: [Int?]) -> Int {
    var counts: [Int: Int] = [:]
    for source in sources { if let source { counts[source, default: 0] += 1 } }
    return counts.values.max() ?? 0
  }

  /// For each cell of the extended image in row-major order, the offset of its source in a plane;
  /// −1 where a constant stands.
  private var cells: [Int] {
    zip(sources, extents).reduce([0]) { outer, axis in
      outer.flatMap { offset in
        axis.0.map { cell in
          guard let cell, offset >= 0 else { return -1 }
          return offset * axis.1 + cell
        }
      }
    }
  }

  /// Xp; `constant` stands where nothing is copied.
  func extended<S: Scalar>(_ x: Tensor<S>, constant: S = .zero) -> Tensor<S> {
    let cells = cells
    let (planes, area) = (x.shape[0] * x.shape[1], extents.reduce(1, *))
    var extended: [S] = []
    extended.reserveCapacity(planes * cells.count)
    for plane in 0..<planes {
      for cell in cells { extended.append(cell < 0 ? constant : x[plane * area + cell]) }
    }
    return Tensor(Shape([x.shape[0], x.shape[1]] + extendedExtents), extended)
  }

  /// dX from dXp.
  func gradient<S: Scalar>(_ extended: [S], shape: Shape) -> Tensor<S> {
    let cells = cells
    let (planes, area) = (shape[0] * shape[1], extents.reduce(1, *))
    var dx = Tensor(shape, repeating: S.zero)
    for plane in 0..<planes {
      for (position, cell) in cells.enumerated() where cell >= 0 {
        dx[plane * area + cell] += extended[plane * cells.count + position]
      }
    }
    return dx
  }
}
