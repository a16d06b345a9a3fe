// The order of operands and of indices in published statements about one image and one kernel.

import Conformance
import StandardLayers
import Tensors
import Testing

private typealias Image = ImageOperators

/// The valid correlation with the image first, and the full one.
private func valid(_ image: Tensor<Double>, _ kernel: Tensor<Double>) -> Tensor<Double> {
  Image.correlated(image, kernel)
}

private func full(_ image: Tensor<Double>, _ kernel: Tensor<Double>) -> Tensor<Double> {
  let (p, q) = (kernel.shape[2] - 1, kernel.shape[3] - 1)
  return valid(Image.padded(image, rows: (p, p), columns: (q, q)), kernel)
}

/// One image, one kernel and an upstream gradient of the valid correlation.
private struct Plane {
  let x: Tensor<Double>
  let w: Tensor<Double>
  let dy: Tensor<Double>
  var isSingle: Bool { w.count == 1 }

  /// dX and dW of y = x ⋆ w by the loops of the definition.
  var gradients: (dx: Tensor<Double>, dw: Tensor<Double>) {
    var (dx, dw) = (x.map { _ in 0.0 }, w.map { _ in 0.0 })
    for i in 0..<dy.shape[2] {
      for j in 0..<dy.shape[3] {
        for p in 0..<w.shape[2] {
          for q in 0..<w.shape[3] {
            dx[0, 0, i + p, j + q] += w[0, 0, p, q] * dy[0, 0, i, j]
            dw[0, 0, p, q] += x[0, 0, i + p, j + q] * dy[0, 0, i, j]
          }
        }
      }
    }
    return (dx, dw)
  }

  static let all: [Plane] = {
    var random = SplitMix64(seed: 21)
    return (0..<200).map { index in
      let kernel = index % 5 == 0 ? (1, 1) : (random.integer(in: 1...3), random.integer(in: 2...4))
      let (height, width) = (random.integer(in: 4...6), random.integer(in: 4...7))
      var data = RandomOperands(seed: random.next(), style: .integers)
      return Plane(
        x: data.tensor([1, 1, height, width]), w: data.tensor([1, 1, kernel.0, kernel.1]),
        dy: data.tensor([1, 1, height - kernel.0 + 1, width - kernel.1 + 1]))
    }
  }()
}

/// Where a published statement holds.
private enum Domain { case nowhere, kernelsOfOneCell }

/// Tries a statement on every plane: right in its domain, wrong on most of the others.
private func tryOnPlanes(
  _ domain: Domain, published: (Plane) -> Bool, corrected: (Plane) -> Bool
) {
  func isInside(_ plane: Plane) -> Bool { domain == .kernelsOfOneCell && plane.isSingle }
  let outside = Plane.all.filter { !isInside($0) }
  for plane in Plane.all {
    #expect(corrected(plane))
    if isInside(plane) { #expect(published(plane)) }
  }
  #expect(outside.count > 100 && outside.count(where: published) * 10 <= outside.count)
}

@Test func `exchanging the operands of a full correlation turns the result`() {
  // Published: rot180(a) = rot180(w) ⋆ rot180(x). Right: rot180(a) = w ⋆ x.
  tryOnPlanes(.nowhere) { plane in
    Image.rotated(full(plane.x, plane.w)) == full(Image.rotated(plane.w), Image.rotated(plane.x))
  } corrected: { plane in
    let a = full(plane.x, plane.w)
    return Image.rotated(a) == full(plane.w, plane.x)
      && a == full(Image.rotated(plane.w), Image.rotated(plane.x))
  }
}

@Test func `the image stands first in the weight gradient`() {
  // Published: dW = δ ⋆ X, a full correlation cut to the kernel; it is dW turned by 180°.
  func published(_ plane: Plane) -> Tensor<Double> {
    let all = full(plane.dy, plane.x)
    let (p, q) = (plane.dy.shape[2] - 1, plane.dy.shape[3] - 1)
    return Image.padded(all, rows: (-p, -p), columns: (-q, -q))
  }
  tryOnPlanes(.kernelsOfOneCell) {
    published($0) == $0.gradients.dw
  } corrected: {
    valid($0.x, $0.dy) == $0.gradients.dw && Image.rotated(published($0)) == $0.gradients.dw
  }
}

@Test
func `the input gradient is a full convolution, or a full correlation with the turned kernel`() {
  tryOnPlanes(.kernelsOfOneCell) {
    full($0.dy, $0.w) == $0.gradients.dx
  } corrected: {
    full($0.dy, Image.rotated($0.w)) == $0.gradients.dx
  }
}

@Test func `the image shrinks from layer to layer`() {
  // Published: n(l+1) − n(l) = f − 1.
  for plane in Plane.all {
    let (before, f) = (plane.x.shape[2], plane.w.shape[2])
    let after = valid(plane.x, plane.w).shape[2]
    #expect(before - after == f - 1)
    if f > 1 { #expect(after - before != f - 1) }
  }
}

@Test func `indices of windows count from 0 where those of cells count from 1`() {
  // Published: Y[i,j] = Σ X[iS + m, jS + n]·W[m,n], with X, W, m and n counted from 1.
  func published(_ plane: Plane, stride: Int, first: Int) -> [Double] {
    let rows = (plane.x.shape[2] - plane.w.shape[2]) / stride + 1
    let columns = (plane.x.shape[3] - plane.w.shape[3]) / stride + 1
    var y: [Double] = []
    for i in first..<rows + first {
      for j in first..<columns + first {
        var sum = 0.0
        for m in 1...plane.w.shape[2] {
          for n in 1...plane.w.shape[3] {
            let (row, column) = (i * stride + m - 1, j * stride + n - 1)
            let isInside = row < plane.x.shape[2] && column < plane.x.shape[3]
            sum += isInside ? plane.x[0, 0, row, column] * plane.w[0, 0, m - 1, n - 1] : 0
          }
        }
        y.append(sum)
      }
    }
    return y
  }
  for stride in 1...2 {
    func truth(_ plane: Plane) -> [Double] {
      Image.thinned(valid(plane.x, plane.w), by: (stride, stride)).elements
    }
    tryOnPlanes(.nowhere) {
      published($0, stride: stride, first: 1) == truth($0)
    } corrected: {
      published($0, stride: stride, first: 0) == truth($0)
    }
  }
}

@Test func `sums over a kernel end at f − 1`() {
  // Published bounds run from 0 to f: one tap too many along each axis, which lies outside.
  for plane in Plane.all {
    let (f, g) = (plane.w.shape[2], plane.w.shape[3])
    #expect((0...f).count * (0...g).count != plane.w.count)
    #expect((0...f - 1).count * (0...g - 1).count == plane.w.count)
  }
}

@Test func `the elements of a transposed convolution`() {
  // Stride 2, kernel 3, padding 1, numbers counted from 1. The published list has the products for
  // x13, x22 and x23 wrong, leaves x21 out, and calls x12 x11.
  var random = RandomOperands(seed: 22, style: .integers)
  let (w, y) = (random.tensor([3, 3]), random.tensor([2, 2]))
  var x = Tensor([5, 5], repeating: 0.0)
  for i in 0..<2 {
    for j in 0..<2 {
      for p in 0..<3 { for q in 0..<3 { x[2 * i + p, 2 * j + q] += w[p, q] * y[i, j] } }
    }
  }
  func cell(_ i: Int, _ j: Int) -> Double { x[i, j] }
  func product(_ i: Int, _ j: Int, _ p: Int, _ q: Int) -> Double {
    y[i - 1, j - 1] * w[p - 1, q - 1]
  }
  #expect(cell(1, 3) == product(1, 2, 2, 2))
  #expect(cell(2, 1) == product(1, 1, 3, 2) + product(2, 1, 1, 2))
  #expect(
    cell(2, 2)
      == product(1, 1, 3, 3) + product(1, 2, 3, 1) + product(2, 1, 1, 3) + product(2, 2, 1, 1))
  #expect(cell(2, 3) == product(1, 2, 3, 2) + product(2, 2, 1, 2))
}

@Test func `extents of an example network`() {
  // Published: 4×4 cells under a 2×2 kernel with stride 1 give 2×2. They give 3×3, and then 2×2.
  let once = valid(Tensor([1, 1, 4, 4], repeating: 1.0), Tensor([1, 1, 2, 2], repeating: 1.0))
  #expect(once.shape == [1, 1, 3, 3])
  #expect(valid(once, Tensor([1, 1, 2, 2], repeating: 1.0)).shape == [1, 1, 2, 2])
  // Right as published: the inputs of a colour image of 224×224, and its weights into a layer of
  // 100 000 neurons.
  #expect(224 * 224 * 3 == 150_528 && 150_528 * 100_000 == 15_052_800_000)
}
