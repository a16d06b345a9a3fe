import Kernels
public import LayerKit
import RealModule
public import Tensors

// How far rounding may move a power-average pool. u is the unit roundoff, η what an underflow can
// lose, and a power function has the relative error 8u, which is eight roundings.

extension LPPoolLayer {
  // MARK: Bound

  public func bound(_ question: BoundQuestion) -> ErrorBound {
    guard norm.isFinite else { return selectionBound(question) }
    let grid = grid(of: question.operands)
    guard grid.geometry != nil else { return .exact }
    let bounds = LPPoolBound(self, question, grid)
    switch question.tensor {
    case .inputGradient: return .elementwise(bounds.gradientLimits())
    default: return .elementwise(bounds.outputLimits())
    }
  }
}

/// The limits of one power-average pool over one image.
private struct LPPoolBound {
  private let question: BoundQuestion
  private let grid: PoolGrid
  private let powers: NormPowers
  /// K.
  private let cells: Double
  /// Half of the largest number of the reference's format: beyond it a step may overflow.
  private let largest: Double
  /// s for each window.
  private var sums: [Double] = []
  /// How far each s may be moved.
  private var errors: [Double] = []
  /// The sum of the magnitudes behind each s.
  private var magnitudes: [Double] = []
  /// Whether all cells of a window are 0, so that nothing is rounded.
  private var isBlank: [Bool] = []

  /// The error of s = K/n·Σ xᵖ.
  ///
  ///     E = γ(n + 9)·B + η·(2K + 2 + 2K/n·(number of cells that are not 0)),  B = K/n·Σ|x|ᵖ
  ///
  /// A power has eight roundings, n of them are added with n − 1, the quotient and the product have
  /// one each. A power may underflow, and so may the quotient, which K multiplies, and the product.
  init(_ layer: some LPPoolLayer, _ question: BoundQuestion, _ grid: PoolGrid) {
    let x = question.operands.inputs[0]
    let format = question.operands.format
    let rounding = question.rounding
    let powers = NormPowers(layer.norm, format)
    let cells = Double(layer.window.cells)
    func scaledMeans(_ value: @Sendable (Double) -> Double) -> [Double] {
      let values = x.mapInParallel(value).elements
      return grid.forward { Pooling.averageForward(values, $0, divisor: .valid) }
        .elements.map { $0 * cells }
    }
    sums = scaledMeans { NormPowers.power($0, powers.norm) }
    magnitudes = scaledMeans { NormPowers.power($0, powers.norm).magnitude }
    let filled = scaledMeans { $0 == 0 ? 0 : 1 }
    isBlank = filled.map { $0 == 0 && layer.norm > 0 }
    let gamma = rounding.gamma(grid.longestWindow + 9)
    errors = zip(magnitudes, filled).map { magnitude, filled in
      filled == 0
        ? 0 : gamma * magnitude + rounding.underflow * (2 * cells + 2 + 2 * filled)
    }
    largest = format.largestFinite / 2
    (self.question, self.grid, self.powers, self.cells) = (question, grid, powers, cells)
  }

  /// By how much, relatively, sᵉ may be moved by the error of s and eight roundings of its own and
  /// `roundings` more; infinite where s may be 0 or change its sign.
  ///
  /// With r = E/|s| < 1, (1 + t)ᵉ for |t| ≤ r lies between (1 − r)^|e| and (1 − r)^−|e|, so it
  /// differs from 1 by at most (1 − r)^−|e| − 1.
  private func relativeError(_ window: Int, exponent: Double, roundings: Int = 0) -> Double {
    let ratio = errors[window] / sums[window].magnitude
    guard ratio < 1 else { return .infinity }
    let own = 1.01 * Double(8 + roundings) * question.rounding.unit
    return .expMinusOne(own - exponent.magnitude * .log(onePlus: -ratio))
  }

  /// A limit that promises nothing where a step may overflow or nothing is known.
  private func promised(_ limit: Double, _ steps: Double...) -> Double {
    limit.isNaN || steps.contains { !($0.magnitude <= largest) } ? .infinity : limit
  }

  // MARK: Output

  /// |y|·(relative error of s^(1/p)) + η.
  ///
  /// Where the powers do not cancel, s cannot change its sign, and 1/p > 0 makes y rise with s:
  /// then (s + E)^(1/p) bounds y and all that may be computed for it. With p = 1 the error is E.
  func outputLimits() -> Tensor<Double> {
    let eta = question.rounding.underflow
    let limits = sums.indices.map { window -> Double in
      guard !isBlank[window] else { return 0 }
      let (sum, error) = (sums[window], errors[window])
      let y = NormPowers.power(sum, powers.root).magnitude
      var limit = y * relativeError(window, exponent: powers.root) + eta
      if powers.root == 1 {
        limit = error + eta
      } else if error >= sum.magnitude, powers.root > 0, sum >= 0, magnitudes[window] == sum {
        let most = NormPowers.power(sum + error, powers.root)
        limit = most * (1 + 9 * question.rounding.unit) + eta
      }
      return promised(limit, magnitudes[window] + error, y + limit)
    }
    return Tensor(grid.output, limits)
  }

  // MARK: Gradient

  /// The error of dx = f·A, A = Σ c over the windows of a cell, f = p·xᵖ⁻¹.
  ///
  ///     c = dy·q·s^(q−1)·K/n, q = 1/p, moved by |c|·(relative error of s^(q−1) and 5 roundings)
  ///         + η·(K·(|dy|·(|q| + 1) + 1) + 2)/n + η
  ///     dx moved by |f|·E_A + (|A| + E_A)·(γ(10)·|f| + η(|p| + 1)) + η
  ///
  /// The products of c round four times and its quotient once; where the windows overlap, their
  /// shares are added. Where s may be 0 on either side, the gradient may be zero or not.
  func gradientLimits() -> Tensor<Double> {
    let rounding = question.rounding
    let eta = rounding.underflow
    let q = powers.root
    let dy = question.upstream[0].elements
    var shares: [Double] = []
    var shareErrors: [Double] = []
    for window in sums.indices {
      guard !isBlank[window] else {
        shares.append(0)
        shareErrors.append(0)
        continue
      }
      let slope = (q * NormPowers.power(sums[window], powers.rootSlope)).magnitude
      let product = dy[window].magnitude * slope
      let relative = relativeError(window, exponent: powers.rootSlope, roundings: 5)
      let lost = eta * (cells * (dy[window].magnitude * (q.magnitude + 1) + 1) + 2)
      let limit = 1.01 * (product * cells * relative + (1 + relative) * lost)
      shares.append(product * cells)
      shareErrors.append(
        promised(
          limit, magnitudes[window] + errors[window], slope * (1 + relative),
          product * cells + limit))
    }
    let sums = grid.backward { Pooling.averageBackward(shares, $0, divisor: .valid) }
    let sumErrors = grid.backward { Pooling.averageBackward(shareErrors, $0, divisor: .valid) }
    let gamma = rounding.gamma(grid.overlap)
    let x = question.operands.inputs[0]
    let limits = (0..<x.count).map { i -> Double in
      let slope = NormPowers.power(x[i], powers.normSlope).magnitude
      let factor = powers.norm.magnitude * slope
      // The quotient by n and the sum may underflow once for each window.
      let added = sumErrors[i] + Double(grid.overlap) * eta
      let sumError = added + gamma * (sums[i] + added)
      let factorLost =
        x[i] == 0 || powers.normSlope == 0 ? 0 : eta * (powers.norm.magnitude + 1)
      let factorError = rounding.gamma(10) * factor + factorLost
      let limit = 1.01 * (factor * sumError + (sums[i] + sumError) * factorError) + eta
      return promised(limit, slope, factor, sums[i] + sumError, factor * sums[i] + limit)
    }
    return Tensor(x.shape, limits)
  }
}
