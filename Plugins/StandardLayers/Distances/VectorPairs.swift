import Kernels
import LayerKit
import Tensors

/// Two tensors that stretch to a common shape, cut into pairs of vectors along one axis.
struct VectorPairs {
  /// The common shape.
  let shape: Shape
  /// The number of pairs.
  let count: Int
  /// The length of a vector.
  let length: Int
  private let axis: Int
  private let inner: Int

  /// Cuts tensors of a common shape along an axis of it.
  init(_ shape: Shape, axis: Int) {
    self.shape = shape
    self.axis = axis
    let (outer, extent, inner) = shape.rank == 0 ? (1, 1, 1) : shape.split(at: axis)
    (count, length, self.inner) = (outer * inner, extent, inner)
  }

  /// The shape of one number for each pair.
  func output(keepsAxis: Bool = false) -> Shape {
    var extents = shape.extents
    guard !extents.isEmpty else { return .scalar }
    if keepsAxis { extents[axis] = 1 } else { extents.remove(at: axis) }
    return Shape(extents)
  }

  /// The offset of element `i` of a vector in the common shape.
  func offset(_ pair: Int, _ i: Int) -> Int {
    (pair / inner * length + i) * inner + pair % inner
  }

  /// The elements of a vector of a tensor of the common shape.
  func vector<S>(_ pair: Int, of x: Tensor<S>) -> [S] {
    (0..<length).map { x[offset(pair, $0)] }
  }

  /// Both inputs, stretched to the common shape.
  func stretched<S: Scalar>(_ inputs: [Tensor<S>]) -> (Tensor<S>, Tensor<S>) {
    let plan = Broadcasting(inputs.map(\.shape), to: shape)
    func stretch(_ index: Int) -> Tensor<S> {
      Tensor(shape, Array(count: shape.count) { inputs[index][plan.offset(of: index, at: $0)] })
    }
    return (stretch(0), stretch(1))
  }

  /// The wanted gradients of the inputs, from those of their stretched forms.
  static func gradients<S: Scalar>(
    _ inputs: [Tensor<S>], _ stretched: (Tensor<S>, Tensor<S>), _ wanted: GradientRequest
  ) -> Gradients<S> {
    let both = [stretched.0, stretched.1]
    return Gradients(
      inputs: inputs.indices.map { index in
        guard wanted.inputs.contains(index) else { return nil }
        return Broadcasting.gradient(of: inputs[index].shape, from: both[index])
      })
  }

  /// The limits of a gradient, from those of the stretched input and the sizes of its elements.
  static func limits(
    _ question: BoundQuestion, _ stretched: Tensor<Double>, sizes: Tensor<Double>
  ) -> ErrorBound {
    let shape = question.computed.shape
    guard shape.count != stretched.count else { return .elementwise(stretched.reshaped(to: shape)) }
    let terms = stretched.count / max(1, shape.count)
    let gamma = question.rounding.gamma(terms)
    return .elementwise(
      Broadcasting.gradient(of: shape, from: stretched.zip(sizes) { 1.01 * $0 + gamma * $1 }))
  }
}

extension LayerExample {
  /// Shapes of two inputs that stretch to a common one, and what is refused of them.
  static func pairs(_ hyperparameters: [String: HyperparameterValue]) -> [LayerExample] {
    [
      LayerExample("a batch", hyperparameters, inputs: [[4, 5], [4, 5]]),
      LayerExample("one vector for all samples", hyperparameters, inputs: [[3, 4], [1, 4]]),
      LayerExample("no sample", hyperparameters, inputs: [[0, 4], [0, 4]]),
      LayerExample(
        "other lengths", hyperparameters, inputs: [[3, 4], [3, 5]],
        refused: .wrongShape(
          tensor: "input.1", expected: "one that broadcasts with [3, 4]", found: [3, 5])),
      LayerExample(
        "one input", hyperparameters, inputs: [[3, 4]],
        refused: .inputCount(allowed: 2...2, found: 1)),
    ]
  }
}
