// Goals, in order: 1 agree with the definition; 2 be obvious; 3 be fast enough.
// Source: torch.nn.LPPool1d, LPPool2d, LPPool3d (2.13), which are average pools between powers.

public import Kernels
public import LayerKit
public import Tensors

/// The p-norm of each window, where the windows slide; but the powers keep their signs.
///
///     y[n,c,w] = s^(1/p), s = K·m, m = mean of xᵖ over the cells of window w
///
/// K is the number of cells of a whole window, so that s is the sum of the powers. A window that
/// hangs over by `ceil_mode` has fewer, and its mean still counts K times. With p = ∞ it is the
/// largest magnitude of a window, with p = −∞ the smallest.
/// - NaN: where x is negative and p is not whole, and where s is negative and 1/p is not.
/// - Kinks: the gradient is zero where s = 0 (but NaN at a cell whose own slope p·xᵖ⁻¹ is infinite).
///   With p = ±∞ the derivative is the sign of the first cell of that magnitude, and 0 at 0.
public protocol LPPoolLayer: SlidingPoolLayer {
  /// p: any number but 0, infinities included.
  var norm: Double { get }
}

extension LPPoolLayer {
  /// Reads the window of the kind.
  static func readWindow(_ hyperparameters: inout HyperparameterReader) -> PoolWindow {
    PoolWindow(&hyperparameters, axes: axes, options: [])
  }

  /// Reads p.
  static func readNorm(_ hyperparameters: inout HyperparameterReader) -> Double {
    let norm = hyperparameters.real("norm_type", in: -(.infinity)...(.infinity))
    if norm == 0 {
      hyperparameters.report(
        .outOfRange(hyperparameter: "norm_type", allowed: "any number but 0", found: 0))
    }
    return norm
  }

  // MARK: Definition

  public func define<S: Scalar>(_ operands: Operands<S>) -> Results<S> {
    let grid = grid(of: operands)
    let x = operands.inputs[0]
    if norm.isInfinite {
      // y = max |x|, or min |x| = −max(−|x|)
      let sign = S(norm < 0 ? -1 : 1)
      return Results(
        grid.mapWindows(x) { cells, _ in
          sign * largest(of: cells.map { sign * S.magnitude($0) })
        })
    }
    let powers = NormPowers(norm, operands.format)
    return Results(
      grid.mapWindows(x) { cells, _ in
        // m = 1/n · Σ xᵖ
        let sum = cells.reduce(S.zero) { $0 + NormPowers.power($1, powers.norm) }
        let mean = sum / S(Double(cells.count))
        // A mean of zero is a constant: no gradient passes.
        let scaled = mean.value == 0 ? .zero : mean * S(Double(window.cells))
        return NormPowers.power(scaled, powers.root)
      })
  }

  // MARK: Forward

  public func forward<S: KernelScalar>(_ operands: Operands<S>) -> Results<S> {
    let grid = grid(of: operands)
    let x = operands.inputs[0]
    if norm.isInfinite {
      let sign: S = norm < 0 ? -1 : 1
      let signed = x.mapInParallel { sign * S.magnitude($0) }.elements
      let y = grid.forward { Pooling.maxForward(signed, $0) }
      return Results(y.mapInParallel { sign * $0 })
    }
    let powers = NormPowers(norm, operands.format)
    let cells = S(window.cells)
    let means = means(x, powers, grid)
    return Results(means.mapInParallel { NormPowers.power($0 * cells, powers.root) })
  }

  /// m for each window.
  func means<S: KernelScalar>(
    _ x: Tensor<S>, _ powers: NormPowers, _ grid: PoolGrid
  ) -> Tensor<S> {
    let raised = x.mapInParallel { NormPowers.power($0, powers.norm) }.elements
    return grid.forward { Pooling.averageForward(raised, $0, divisor: .valid) }
  }

  // MARK: Backward

  /// dx[cell] = p·xᵖ⁻¹ · Σ dy[window]·(1/p)·s^(1/p − 1)·K/n[window] over the windows that contain
  /// the cell.
  public func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> {
    guard wanted.inputs.contains(0) else { return Gradients(inputs: [nil]) }
    let grid = grid(of: operands)
    let x = operands.inputs[0]
    if norm.isInfinite {
      let sign: S = norm < 0 ? -1 : 1
      let signed = x.mapInParallel { sign * S.magnitude($0) }.elements
      let dy = upstream[0].elements
      let selected = grid.backward { Pooling.maxBackward(signed, dy, $0) }
      return Gradients(
        input: selected.zipInParallel(x) { dx, x in x > 0 ? dx : x < 0 ? -dx : 0 })
    }
    let powers = NormPowers(norm, operands.format)
    let cells = S(window.cells)
    let shares = means(x, powers, grid).zipInParallel(upstream[0]) { mean, dy -> S in
      guard mean != 0 else { return 0 }
      let share = dy * (S(powers.root) * NormPowers.power(mean * cells, powers.rootSlope)) * cells
      // torch.nn multiplies by the square of the sign of m, and the sign of NaN is 0.
      return mean.isNaN ? share * 0 : share
    }
    .elements
    let sums = grid.backward { Pooling.averageBackward(shares, $0, divisor: .valid) }
    return Gradients(
      input: sums.zipInParallel(x) { sum, x in
        sum * (S(powers.norm) * NormPowers.power(x, powers.normSlope))
      })
  }

  // MARK: Kinks

  /// Of equal smallest magnitudes the first counts as well, but those are no maxima.
  public var kinks: [Kink] { norm == .infinity ? [.firstOfTies] : [] }
}

/// The exponents of a power-average pool, rounded as the reference rounds them.
struct NormPowers {
  /// p.
  let norm: Double
  /// p − 1.
  let normSlope: Double
  /// 1/p.
  let root: Double
  /// 1/p − 1.
  let rootSlope: Double

  init(_ norm: Double, _ format: NumberFormat) {
    self.norm = format.rounded(norm)
    normSlope = format.rounded(norm - 1)
    root = format.rounded(1 / norm)
    rootSlope = format.rounded(1 / norm - 1)
  }

  /// xᵉ as the C library and `torch.nn` have it, also for numbers below zero.
  ///
  /// An exponent beyond the whole numbers of 64 bits is an even one. −∞ is like ∞ where the
  /// exponent is not whole, unless it makes a square root.
  static func power<S: Scalar>(_ x: S, _ exponent: Double) -> S {
    let isEven = exponent.magnitude >= 0x1p63
    let isInfinite = x.value == -.infinity && exponent.rounded() != exponent
    guard x.value < 0, isEven || (isInfinite && exponent.magnitude != 0.5) else {
      return S.power(x, exponent)
    }
    return S.power(-x, exponent)
  }
}
