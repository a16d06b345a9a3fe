// Combining any number of tensors that broadcast.

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
}
