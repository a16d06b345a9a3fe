public import Kernels
public import Tensors

/// The gradients of a convolution as the transposed loops of its definition.
///
///     y[n,o,i,j]  = Σ w[o,c,p,q] · x[n, c + …, i·s + p·d − P, j·s + q·d − P]
///     dx[n, c + …, i·s + p·d − P, j·s + q·d − P] += w[o,c,p,q] · dy[n,o,i,j]
///     dw[o,c,p,q] += x[n, c + …, i·s + p·d − P, j·s + q·d − P] · dy[n,o,i,j]
public struct Scattering: Sendable {
  /// The shapes.
  public let geometry: ConvolutionGeometry

  /// Describes a convolution over two axes that is padded with zeros.
  public init(_ geometry: ConvolutionGeometry) {
    precondition(geometry.axes.count == 2, "the textbook writes the formulas for images")
    self.geometry = geometry
  }

  /// dx and dw.
  public func gradients<S: Scalar>(
    _ x: Tensor<S>, _ w: Tensor<S>, _ dy: Tensor<S>
  ) -> (dx: Tensor<S>, dw: Tensor<S>) {
    var dx = x.map { _ in S.zero }
    var dw = w.map { _ in S.zero }
    let filtersPerGroup = w.shape[0] / geometry.groups
    for n in 0..<dy.shape[0] {
      for o in 0..<dy.shape[1] {
        let firstChannel = o / filtersPerGroup * w.shape[1]
        for i in 0..<dy.shape[2] {
          for j in 0..<dy.shape[3] {
            for c in 0..<w.shape[1] {
              for p in 0..<w.shape[2] {
                for q in 0..<w.shape[3] {
                  let row = geometry.height.cell(window: i, tap: p)
                  let column = geometry.width.cell(window: j, tap: q)
                  guard row >= 0, row < x.shape[2], column >= 0, column < x.shape[3] else {
                    continue
                  }
                  let g = dy[n, o, i, j]
                  dx[n, firstChannel + c, row, column] += w[o, c, p, q] * g
                  dw[o, c, p, q] += x[n, firstChannel + c, row, column] * g
                }
              }
            }
          }
        }
      }
    }
    return (dx, dw)
  }
}
