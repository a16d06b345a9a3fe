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
}
