// Combining any number of tensors that broadcast.

import Kernels
import Tensors

extension Broadcasting {
  /// The textbook form: each element of the result from the elements that stretch to its place.
  static func define<S: Scalar>(_ inputs: [Tensor<S>], _ combine: (S, S) -> S) -> Tensor<S> {
    guard let target = Shape.broadcast(inputs.map(\.shape)) else {
      preconditionFailure("the shapes of \(inputs.map(\.shape)) do not fit")
    }
    let plan = Broadcasting(inputs.map(\.shape), to: target)
    return Tensor(
      target,
      Array(count: target.count) { offset in
        let first = inputs[0][plan.offset(of: 0, at: offset)]
        return inputs.indices.dropFirst().reduce(first) { result, index in
          combine(result, inputs[index][plan.offset(of: index, at: offset)])
        }
      })
  }

  /// The inputs combined from left to right.
  static func fold<S: Sendable>(
    _ inputs: [Tensor<S>], _ combine: @Sendable (S, S) -> S
  ) -> Tensor<S> {
    inputs.dropFirst().reduce(inputs[0]) { Broadcasting.combine($0, $1, combine) }
  }

  /// The sum of two tensors that stretch to a common shape.
  static func sum<S: KernelScalar>(_ a: Tensor<S>, _ b: Tensor<S>) -> Tensor<S> {
    guard a.shape == b.shape else { return combine(a, b) { $0 + $1 } }
    return a.zipBlocks(b) { a, b, y, count in
      for i in 0..<count { y[i] = a[i] + b[i] }
    }
  }

  /// The sum of the absolute values of two tensors that stretch to a common shape.
  static func magnitudeSum(_ a: Tensor<Double>, _ b: Tensor<Double>) -> Tensor<Double> {
    guard a.shape == b.shape else { return combine(a, b) { $0.magnitude + $1.magnitude } }
    return a.zipBlocks(b) { a, b, y, count in
      for i in 0..<count { y[i] = a[i].magnitude + b[i].magnitude }
    }
  }
}
