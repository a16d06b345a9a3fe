import LayerKit
import Tensors

/// A convolution of images as plain loops, with the slips that programmers make.
///
/// It shares nothing with the kernels, nor with what the named causes predict: a demo that plants
/// what it then looks for would show nothing.
///
///     y[n, o, p, q] = b[o] + Σ w[o, i, u, v] · x[n, i, s·p + u − P, s·q + v − P]
struct PlainConvolution {
  let x: Tensor<Float>
  let w: Tensor<Float>
  var stride = 1
  var padding = [0, 0]

  /// Calls `body` for each product of the sum: the offset in y, x and w.
  private func forEachProduct(
    outputs: Shape, _ body: (_ y: Int, _ x: [Int], _ w: [Int], _ inside: Bool) -> Void
  ) {
    for y in 0..<outputs.count {
      let place = outputs.index(at: y)
      for i in 0..<w.shape[1] {
        for u in 0..<w.shape[2] {
          for v in 0..<w.shape[3] {
            let cell = [place[2] * stride + u - padding[0], place[3] * stride + v - padding[1]]
            let inside =
              (0..<x.shape[2]).contains(cell[0]) && (0..<x.shape[3]).contains(cell[1])
            body(y, [place[0], i] + cell, [place[1], i, u, v], inside)
          }
        }
      }
    }
  }

  private func offset(_ index: [Int], in shape: Shape) -> Int {
    index.indices.reduce(0) { $0 * shape[$1] + index[$1] }
  }

  /// y without the bias.
  func outputWithoutBias(_ shape: Shape) -> Tensor<Float> {
    var sums = [Double](repeating: 0, count: shape.count)
    forEachProduct(outputs: shape) { y, x, w, inside in
      guard inside else { return }
      let factor = self.w[offset(w, in: self.w.shape)]
      sums[y] += Double(factor) * Double(self.x[offset(x, in: self.x.shape)])
    }
    return Tensor(shape, sums.map { Float($0) })
  }

  /// ∂L/∂w, written to the kernel as if it were turned by 180°.
  func turnedWeightGradient(_ dy: Tensor<Float>) -> Tensor<Float> {
    var sums = [Double](repeating: 0, count: w.count)
    forEachProduct(outputs: dy.shape) { y, x, w, inside in
      guard inside else { return }
      let turned = [w[0], w[1], self.w.shape[2] - 1 - w[2], self.w.shape[3] - 1 - w[3]]
      sums[offset(turned, in: self.w.shape)] +=
        Double(dy[y]) * Double(self.x[offset(x, in: self.x.shape)])
    }
    return Tensor(w.shape, sums.map { Float($0) })
  }

  /// ∂L/∂x.
  func inputGradient(_ dy: Tensor<Float>) -> Tensor<Float> {
    var sums = [Double](repeating: 0, count: x.count)
    forEachProduct(outputs: dy.shape) { y, x, w, inside in
      guard inside else { return }
      sums[offset(x, in: self.x.shape)] +=
        Double(dy[y]) * Double(self.w[offset(w, in: self.w.shape)])
    }
    return Tensor(x.shape, sums.map { Float($0) })
  }
}
