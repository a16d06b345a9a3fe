// The convolution as a matrix product over unfolded windows (im2col), and its gradients by folding
// back (col2im). Source: K. Chellapilla, S. Puri, P. Simard, *High Performance Convolutional Neural
// Networks for Document Processing*, 2006, §2. As the formulas stand, without regard for speed.

public import Kernels
public import Tensors

/// Convolution by unfolding: each window becomes a row, and the filters a matrix.
///
/// For one sample and one group, with the columns in the order (c, p, q):
///
///     X̂[i·Wo + j, (c,p,q)] = xp[c, i·s + p·d, j·s + q·d]        (Ho·Wo) × (C/G·P·Q)
///     Ŵ[o, (c,p,q)]        = w[o,c,p,q]                          (O/G) × (C/G·P·Q)
///     Ŷ = Ŵ·X̂ᵀ + b,   dŴ = Σ_n dŶ·X̂,   dX̂ = dŶᵀ·Ŵ
///
/// Folding dX̂ back adds each row to its window.
public struct Unfolding: Sendable {
  /// The shapes.
  public let geometry: ConvolutionGeometry

  /// Describes a convolution over two axes that is padded with zeros.
  public init(_ geometry: ConvolutionGeometry) {
    precondition(geometry.axes.count == 2, "the textbook writes the formulas for images")
    self.geometry = geometry
  }

  private var groupInputs: Int { geometry.inputChannels / geometry.groups }
  private var groupOutputs: Int { geometry.outputChannels / geometry.groups }
  private var windows: Int { geometry.height.output * geometry.width.output }
  private var columns: Int { groupInputs * geometry.height.kernel * geometry.width.kernel }

  /// Calls `body` for each element of X̂ that lies on the image: its row, its column, its channel
  /// of the group, and its cell.
  private func forEachCell(
    _ body: (_ row: Int, _ column: Int, _ channel: Int, _ y: Int, _ x: Int) -> Void
  ) {
    let (height, width) = (geometry.height, geometry.width)
    for i in 0..<height.output {
      for j in 0..<width.output {
        for c in 0..<groupInputs {
          for p in 0..<height.kernel {
            for q in 0..<width.kernel {
              let y = height.cell(window: i, tap: p)
              let x = width.cell(window: j, tap: q)
              guard y >= 0, y < height.extent, x >= 0, x < width.extent else { continue }
              body(
                i * width.output + j, (c * height.kernel + p) * width.kernel + q, c, y, x)
            }
          }
        }
      }
    }
  }

  /// X̂ of one sample and one group (im2col).
  public func unfolded<S: Scalar>(_ x: Tensor<S>, sample n: Int, group: Int) -> Tensor<S> {
    var matrix = Tensor([windows, columns], repeating: S.zero)
    forEachCell { row, column, c, h, w in
      matrix[row, column] = x[n, group * groupInputs + c, h, w]
    }
    return matrix
  }

  /// Adds dX̂ of one sample and one group to the cells that X̂ was taken from (col2im).
  public func fold<S: Scalar>(
    _ matrix: Tensor<S>, sample n: Int, group: Int, into dx: inout Tensor<S>
  ) {
    forEachCell { row, column, c, h, w in
      dx[n, group * groupInputs + c, h, w] += matrix[row, column]
    }
  }

  /// Ŵ of one group, or Ŷ of one sample and one group: the rows of a tensor as a matrix.
  private func matrix<S: Scalar>(
    _ tensor: Tensor<S>, from start: Int, rows: Int, columns: Int
  ) -> Tensor<S> {
    Tensor([rows, columns], Array(tensor.elements[start..<start + rows * columns]))
  }

  private func filters<S: Scalar>(_ w: Tensor<S>, group: Int) -> Tensor<S> {
    matrix(w, from: group * groupOutputs * columns, rows: groupOutputs, columns: columns)
  }

  private func planes<S: Scalar>(_ y: Tensor<S>, sample n: Int, group: Int) -> Tensor<S> {
    let start = (n * geometry.outputChannels + group * groupOutputs) * windows
    return matrix(y, from: start, rows: groupOutputs, columns: windows)
  }

  /// A·B for matrices.
  private func product<S: Scalar>(_ a: Tensor<S>, _ b: Tensor<S>) -> Tensor<S> {
    var c = Tensor([a.shape[0], b.shape[1]], repeating: S.zero)
    for i in 0..<a.shape[0] {
      for j in 0..<b.shape[1] {
        for k in 0..<a.shape[1] { c[i, j] += a[i, k] * b[k, j] }
      }
    }
    return c
  }

  // MARK: The three passes

  /// y, row by row of Ŷ = Ŵ·X̂ᵀ + b.
  public func forward<S: Scalar>(
    _ x: Tensor<S>, _ w: Tensor<S>, bias: Tensor<S>?
  ) -> Tensor<S> {
    var y: [S] = []
    for n in 0..<geometry.batch {
      for group in 0..<geometry.groups {
        let rows = unfolded(x, sample: n, group: group).permuted([1, 0])
        let product = product(filters(w, group: group), rows)
        for (offset, value) in product.elements.enumerated() {
          let o = group * groupOutputs + offset / windows
          y.append(value + (bias?[o] ?? .zero))
        }
      }
    }
    let (height, width) = (geometry.height.output, geometry.width.output)
    return Tensor([geometry.batch, geometry.outputChannels, height, width], y)
  }

  /// dx: dX̂ = dŶᵀ·Ŵ, folded back.
  public func inputGradient<S: Scalar>(_ dy: Tensor<S>, _ w: Tensor<S>) -> Tensor<S> {
    let (height, width) = (geometry.height.extent, geometry.width.extent)
    var dx = Tensor(
      [geometry.batch, geometry.inputChannels, height, width], repeating: S.zero)
    for n in 0..<geometry.batch {
      for group in 0..<geometry.groups {
        let rows = planes(dy, sample: n, group: group).permuted([1, 0])
        fold(product(rows, filters(w, group: group)), sample: n, group: group, into: &dx)
      }
    }
    return dx
  }

  /// dw: dŴ = Σ_n dŶ·X̂.
  public func weightGradient<S: Scalar>(_ x: Tensor<S>, _ dy: Tensor<S>) -> Tensor<S> {
    var dw: [S] = []
    for group in 0..<geometry.groups {
      var sum = Tensor([groupOutputs, columns], repeating: S.zero)
      for n in 0..<geometry.batch {
        let rows = unfolded(x, sample: n, group: group)
        sum = sum.zip(product(planes(dy, sample: n, group: group), rows)) { $0 + $1 }
      }
      dw += sum.elements
    }
    let (height, width) = (geometry.height.kernel, geometry.width.kernel)
    return Tensor([geometry.outputChannels, groupInputs, height, width], dw)
  }
}
