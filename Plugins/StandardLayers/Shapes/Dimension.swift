// The hyper-parameters that name axes: `dim`, `start_dim`, `dims`.

import LayerKit
import Tensors

/// The axes that a file can name: PyTorch's tensors have at most 64.
let dimensionRange = -64...63

extension Shape {
  /// The axis that a hyper-parameter names, counted from the end where it is negative.
  ///
  /// As in PyTorch, a scalar counts as having one axis. Throws `LayerProblem`.
  func axis(_ dimension: Int, named name: String) throws -> Int {
    let rank = max(1, rank)
    let axis = dimension < 0 ? dimension + rank : dimension
    guard (0..<rank).contains(axis) else {
      throw LayerProblem.outOfRange(
        hyperparameter: name, allowed: "\(-rank) to \(rank - 1)", found: .integer(dimension))
    }
    return axis
  }

  /// The axes that a hyper-parameter names, each at most once.
  ///
  /// Throws `LayerProblem`.
  func axes(_ dimensions: [Int], named name: String) throws -> [Int] {
    let axes = try dimensions.map { try axis($0, named: name) }
    guard Set(axes).count == axes.count else {
      throw LayerProblem.outOfRange(
        hyperparameter: name, allowed: "each axis at most once",
        found: .list(dimensions.map { .integer($0) }))
    }
    return axes
  }
}
