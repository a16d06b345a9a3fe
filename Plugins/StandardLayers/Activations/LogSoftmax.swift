// Source: torch.nn.LogSoftmax (2.13).

public import LayerKit
public import Tensors

/// The logarithm of the softmax function along one axis.
///
///     y = x − max x − log Σ e^(x − max x)          dx = dy − e^y·Σ dy
///
/// The sums run along the axis.
///
/// - Shapes: x of any shape → y of the same shape.
/// - Kinks: none. A NaN or +∞ makes its row NaN.
public struct LogSoftmax: RowwiseLayer {
  public static let kind = "LogSoftmax"

  // MARK: Hyper-parameters

  /// `dim`: the axis along which e^y adds up to 1.
  public let dimension: SoftmaxAxis

  public init(_ hyperparameters: inout HyperparameterReader) {
    dimension = SoftmaxAxis(&hyperparameters)
  }

  // MARK: Shapes

  public func axis(of shape: Shape) throws -> Int { try dimension.axis(of: shape) }

  // MARK: Definition

  public func value<S: Scalar>(_ x: [S], _ y: inout [S]) { SoftmaxRow.logarithms(x, &y) }

  // MARK: Backward

  public func gradient<S: Scalar>(_ x: [S], _ dy: [S], _ dx: inout [S]) {
    SoftmaxRow.probabilities(x, &dx)
    var sum = S.zero
    for g in dy { sum += g }
    for i in dx.indices { dx[i] = dy[i] - dx[i] * sum }
  }

  // MARK: Bound

  /// The error E of y, as `SoftmaxRowError` states it.
  public func valueError(_ x: [Double], _ rounding: Rounding, _ bound: inout [Double]) {
    let row = SoftmaxRowError(x, rounding)
    value(x, &bound)
    for i in x.indices { bound[i] = row.logarithmic(i, bound[i]) }
  }

  /// 1.01[p·Σ|dy|·(e^E − 1 + γ(C) + 5u) + u|dy|] + η(1 + Σ|dy|).
  ///
  /// p = e^y inherits E as a relative error, and the exponential adds 3u; the sum of C terms,
  /// the product and the difference round on top.
  public func gradientError(
    _ x: [Double], _ dy: [Double], _ rounding: Rounding, _ bound: inout [Double]
  ) {
    let row = SoftmaxRowError(x, rounding)
    value(x, &bound)
    let u = rounding.unit
    let sum = dy.reduce(0) { $0 + $1.magnitude }
    let added = rounding.gamma(dy.count) + 5 * u
    for i in dy.indices {
      let relative = row.relativeOfExponential(i, bound[i]) + added
      let inherited = row.p[i] == 0 ? 0 : row.p[i] * sum * relative
      bound[i] = 1.01 * (inherited + u * dy[i].magnitude) + rounding.underflow * (1 + sum)
    }
  }

  // MARK: Examples

  public static var examples: [LayerExample] { LayerExample.rowsAlongAnAxis }
}
