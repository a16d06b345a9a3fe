// Filters, and gradients of filters, whose elements stand in another order.

import LayerKit
import Tensors

/// Where the elements of a tensor of filters come from, if it was written or read in another order.
///
/// The two leading axes are those of the channels; the others are the axes of the kernel.
struct FilterMoves {
  /// The shape of the filters.
  let shape: Shape

  /// The axes of the kernel.
  private var spatial: [Int] { Array(2..<shape.rank) }

  /// Each kernel turned by 180°: all its axes reversed.
  var turned: Moves {
    let taps = shape.extents.dropFirst(2).reduce(1, *)
    return Moves(shape) { $0 / taps * taps + taps - 1 - $0 % taps }
  }

  /// The two leading axes exchanged: of filters with as many inputs as outputs in place, of others
  /// as their buffer is read.
  var exchanged: Moves {
    Moves(permuting: shape, [1, 0] + spatial).reshaped(to: shape)
  }

  /// The buffer of filters whose leading axes stand the other way round, put right.
  var exchangedBack: Moves {
    Moves(permuting: Shape([shape[1], shape[0]] + shape.extents.dropFirst(2)), [1, 0] + spatial)
  }

  /// Two axes of the kernel exchanged, where they have the same extent.
  var kernelAxesExchanged: [Moves] {
    let pairs = spatial.flatMap { a in spatial.filter { $0 > a }.map { (a, $0) } }
    return pairs.compactMap { a, b in
      guard shape[a] == shape[b], shape[a] > 1 else { return nil }
      var order = Array(0..<shape.rank)
      order.swapAt(a, b)
      return Moves(permuting: shape, order)
    }
  }

  /// The buffer in the order of the given axes read as the usual one, and the reverse.
  ///
  /// `order` names the axes of the buffer by those of the filters; `kernel` stands for all axes of
  /// the kernel.
  func readings(_ order: [StoredAxis]) -> [(moves: Moves, direction: String)] {
    let axes = order.flatMap { axis in
      switch axis {
      case .first: [0]
      case .second: [1]
      case .kernel: spatial
      }
    }
    let moved = Moves(permuting: shape, axes)
    let inverse = axes.indices.map { axis in axes.firstIndex(of: axis) ?? axis }
    return [
      (moved.reshaped(to: shape), "read without transposing"),
      (Moves(permuting: moved.shape, inverse), "transposed without need"),
    ]
  }

  /// An axis of stored filters.
  enum StoredAxis {
    case first, second, kernel
  }

  /// Each kernel without its first, or its last, row and column.
  func withoutEdge(last: Bool) -> Moves {
    let shape = shape
    return Moves(shape, from: shape) { index in
      index.dropFirst(2).enumerated().contains { axis, tap in
        shape[axis + 2] > 1 && tap == (last ? shape[axis + 2] - 1 : 0)
      } ? nil : index
    }
  }
}

/// Where each element of a tensor comes from; the layers that rearrange have a type of that name.
typealias Moves = LayerKit.Rearrangement

/// The entries of an axis in groups: interleaved for blocked ones, and the reverse.
struct GroupMoves {
  let shape: Shape
  let axis: Int
  let groups: Int

  /// Entry k·G + g comes from entry g·(C/G) + k.
  var interleaved: Moves { moves { ($0 % groups) * (shape[axis] / groups) + $0 / groups } }

  /// Entry g·(C/G) + k comes from entry k·G + g.
  var blocked: Moves {
    let size = shape[axis] / groups
    return moves { $0 % size * groups + $0 / size }
  }

  /// Both, each with its name.
  var both: [(moves: Moves, name: String)] {
    [(interleaved, "interleaved for blocked"), (blocked, "blocked for interleaved")]
  }

  private func moves(_ source: @escaping @Sendable (Int) -> Int) -> Moves {
    let (_, extent, inner) = shape.split(at: axis)
    return Moves(shape) { offset in
      let entry = offset / inner % extent
      return offset + (source(entry) - entry) * inner
    }
  }
}
