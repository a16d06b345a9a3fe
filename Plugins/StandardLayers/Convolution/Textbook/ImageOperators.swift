// The operators that the gradients of a convolution are written with. Images are tensors of two
// leading axes and two spatial ones; each operator works on the spatial axes of all of them.

public import Tensors

/// Operators on images that leave every element as it is and change where it stands.
public enum ImageOperators {
  /// Sets s − 1 zeros between neighbours, and so many zero rows and columns after the last.
  public static func dilated<S: Scalar>(
    _ x: Tensor<S>, by step: (rows: Int, columns: Int), appending rest: (rows: Int, columns: Int)
  ) -> Tensor<S> {
    let height = (x.shape[2] - 1) * step.rows + 1 + rest.rows
    let width = (x.shape[3] - 1) * step.columns + 1 + rest.columns
    var result = Tensor([x.shape[0], x.shape[1], height, width], repeating: S.zero)
    forEachElement(of: x) { a, b, i, j, value in
      result[a, b, i * step.rows, j * step.columns] = value
    }
    return result
  }

  /// Pads with zeros at the four ends; a negative number cuts off instead.
  public static func padded<S: Scalar>(
    _ x: Tensor<S>, rows: (begin: Int, end: Int), columns: (begin: Int, end: Int)
  ) -> Tensor<S> {
    let height = x.shape[2] + rows.begin + rows.end
    let width = x.shape[3] + columns.begin + columns.end
    var result = Tensor([x.shape[0], x.shape[1], height, width], repeating: S.zero)
    forEachElement(of: x) { a, b, i, j, value in
      let (row, column) = (i + rows.begin, j + columns.begin)
      guard row >= 0, row < height, column >= 0, column < width else { return }
      result[a, b, row, column] = value
    }
    return result
  }

  /// Turns each image by 180°: both spatial axes are reversed.
  public static func rotated<S: Scalar>(_ x: Tensor<S>) -> Tensor<S> {
    var result = x
    forEachElement(of: x) { a, b, i, j, value in
      result[a, b, x.shape[2] - 1 - i, x.shape[3] - 1 - j] = value
    }
    return result
  }

  /// Exchanges the two leading axes.
  public static func exchanged<S: Scalar>(_ x: Tensor<S>) -> Tensor<S> {
    x.permuted([1, 0, 2, 3])
  }

  /// Every element whose place is a multiple of the steps.
  public static func thinned<S: Scalar>(
    _ x: Tensor<S>, by step: (rows: Int, columns: Int)
  ) -> Tensor<S> {
    let height = (x.shape[2] - 1) / step.rows + 1
    let width = (x.shape[3] - 1) / step.columns + 1
    var result = Tensor([x.shape[0], x.shape[1], height, width], repeating: S.zero)
    forEachElement(of: result) { a, b, i, j, _ in
      result[a, b, i, j] = x[a, b, i * step.rows, j * step.columns]
    }
    return result
  }

  /// Some of the images: a range along each leading axis.
  public static func selected<S: Scalar>(
    _ x: Tensor<S>, _ first: Range<Int>, _ second: Range<Int>
  ) -> Tensor<S> {
    var result = Tensor([first.count, second.count, x.shape[2], x.shape[3]], repeating: S.zero)
    forEachElement(of: result) { a, b, i, j, _ in
      result[a, b, i, j] = x[first.lowerBound + a, second.lowerBound + b, i, j]
    }
    return result
  }

  /// Cross-correlation without padding or stride: y[a,o] = Σ_b w[o,b] ⋆ x[a,b].
  public static func correlated<S: Scalar>(
    _ x: Tensor<S>, _ w: Tensor<S>, dilation: (rows: Int, columns: Int) = (1, 1)
  ) -> Tensor<S> {
    let height = x.shape[2] - dilation.rows * (w.shape[2] - 1)
    let width = x.shape[3] - dilation.columns * (w.shape[3] - 1)
    var result = Tensor([x.shape[0], w.shape[0], height, width], repeating: S.zero)
    for a in 0..<x.shape[0] {
      forEachElement(of: w) { o, b, p, q, weight in
        for i in 0..<height {
          for j in 0..<width {
            result[a, o, i, j] +=
              weight * x[a, b, i + p * dilation.rows, j + q * dilation.columns]
          }
        }
      }
    }
    return result
  }

  private static func forEachElement<S: Scalar>(
    of x: Tensor<S>, _ body: (_ a: Int, _ b: Int, _ i: Int, _ j: Int, _ value: S) -> Void
  ) {
    for a in 0..<x.shape[0] {
      for b in 0..<x.shape[1] {
        for i in 0..<x.shape[2] {
          for j in 0..<x.shape[3] { body(a, b, i, j, x[a, b, i, j]) }
        }
      }
    }
  }
}
