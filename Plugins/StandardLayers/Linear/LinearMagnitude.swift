import Kernels
import LayerKit
import Tensors

/// A linear layer on absolute values, in blocks of rows of its weights.
///
/// The weights of a fully connected layer can be most of a network. So that no second copy of
/// them is needed, their absolute values are taken block by block.
struct LinearMagnitude {
  private let question: BoundQuestion
  private let x: [Double]
  private let w: Tensor<Double>
  private var outputs: Int { w.shape[0] }
  private var inputs: Int { w.shape[1] }
  private let rows: Int

  /// Rows of the weights that are taken at a time.
  private static var block: Int { 64 }

  init(_ question: BoundQuestion) {
    self.question = question
    rows = Linear.rows(question.operands.inputs[0].shape)
    x = question.operands.inputs[0].elements.map(\.magnitude)
    w = question.operands.parameter("weight")
  }

  /// |Y| = |X|·|W|ᵀ + |b|.
  var output: Tensor<Double> {
    var y = [Double](repeating: 0, count: rows * outputs)
    let bias = question.operands.parameters["bias"]
    forEachBlock { range, weights in
      let part = MatrixProduct.multiply(
        x, transposed: false, weights, transposed: true, m: rows, n: range.count, k: inputs)
      for n in 0..<rows {
        for o in range {
          y[n * outputs + o] =
            part[n * range.count + o - range.lowerBound] + (bias?[o].magnitude ?? 0)
        }
      }
    }
    return Tensor(question.computed.shape, y)
  }

  /// |dX| = |dY|·|W|, the blocks added in order.
  var inputGradient: Tensor<Double> {
    var dx = [Double](repeating: 0, count: x.count)
    forEachBlock { range, weights in
      let part = MatrixProduct.multiply(
        upstream(range), weights, m: rows, n: inputs, k: range.count)
      for i in part.indices { dx[i] += part[i] }
    }
    return Tensor(question.computed.shape, dx)
  }

  /// |dW| = |dY|ᵀ·|X|, any rows of it when they are asked for.
  var weightGradient: Magnitude {
    Magnitude(w.shape) { range in
      MatrixProduct.multiply(
        upstream(range), transposed: true, x, m: range.count, n: inputs, k: rows)
    }
  }

  private func forEachBlock(_ body: (Range<Int>, [Double]) -> Void) {
    for first in stride(from: 0, to: outputs, by: Self.block) {
      let range = first..<min(first + Self.block, outputs)
      let rows = w.elements[range.lowerBound * inputs..<range.upperBound * inputs]
      body(range, rows.map(\.magnitude))
    }
  }

  /// The absolute upstream gradients of some outputs, [N, range].
  private func upstream(_ range: Range<Int>) -> [Double] {
    let dy = question.upstream[0].elements
    return (0..<rows).flatMap { n in range.map { dy[n * outputs + $0].magnitude } }
  }
}
