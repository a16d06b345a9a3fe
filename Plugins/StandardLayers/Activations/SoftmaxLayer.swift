// The function that Softmax, Softmax2d and Softmin share.

public import Tensors

/// A layer whose function of a row is softmax, of the row or of its negative.
public protocol SoftmaxLayer: RowwiseLayer {
  /// Whether the row is negated first; false by default.
  static var negatesInput: Bool { get }
}

extension SoftmaxLayer {
  public static var negatesInput: Bool { false }

  /// The numbers whose softmax is taken; negating rounds nothing.
  private func logits<S: Scalar>(_ x: [S]) -> [S] { Self.negatesInput ? x.map { -$0 } : x }

  public func value<S: Scalar>(_ x: [S], _ y: inout [S]) {
    SoftmaxRow.probabilities(logits(x), &y)
  }

  /// dx = ±p·(dy − ⟨p, dy⟩).
  public func gradient<S: Scalar>(_ x: [S], _ dy: [S], _ dx: inout [S]) {
    SoftmaxRow.probabilities(logits(x), &dx)
    var product = S.zero
    for i in dx.indices { product += dx[i] * dy[i] }
    for i in dx.indices {
      let gradient = dx[i] * (dy[i] - product)
      dx[i] = Self.negatesInput ? -gradient : gradient
    }
  }

  /// p·λ + η, with λ the relative error of p as `SoftmaxRowError` states it.
  public func valueError(_ x: [Double], _ rounding: Rounding, _ bound: inout [Double]) {
    let row = SoftmaxRowError(logits(x), rounding)
    for i in x.indices { bound[i] = row.absolute(i) + rounding.underflow }
  }

  /// The error of dx from a p with the relative error λ.
  ///
  ///     p·λ′·|dy − ⟨p,dy⟩| + p·(u|dy| + (γ(C+1) + u)⟨p,|dy|⟩ + ⟨pλ,|dy|⟩)
  ///     + η(|dy| + ⟨p,|dy|⟩ + 1),  λ′ = λ + 2u
  public func gradientError(
    _ x: [Double], _ dy: [Double], _ rounding: Rounding, _ bound: inout [Double]
  ) {
    let row = SoftmaxRowError(logits(x), rounding)
    let u = rounding.unit
    var (product, magnitude, inherited) = (0.0, 0.0, 0.0)
    for i in dy.indices {
      product += row.p[i] * dy[i]
      magnitude += row.p[i] * dy[i].magnitude
      inherited += row.absolute(i) * dy[i].magnitude
    }
    let common = (rounding.gamma(dy.count + 1) + u) * magnitude + inherited
    for i in dy.indices {
      let g = dy[i].magnitude
      let ownError = row.absolute(i) + 2 * u * row.p[i]
      bound[i] =
        1.01 * (ownError * (dy[i] - product).magnitude + row.p[i] * (u * g + common))
        + rounding.underflow * (g + magnitude + 1)
    }
  }
}
