// How far rounding moves quotients by D^β, D = k + α·mean x² over a window of `size` channels.
//
//     E_D = γ(size+4)·(|k| + |α|·mean x²) + 2η(1 + |α|),   ρ = E_D / |D|
//
// A relative error ρ of D is one of at most e^(|β|·ρ/(1−ρ)) − 1 of D^β. The power itself may be
// computed as e^(β·ln D), whose exponent is rounded twice, and β may be rounded before: 3u|β·ln D|.
//
//     λ(p) = e^(p·(ρ/(1−ρ) + 3u|ln D|) + 8u) − 1
//
// x/D^β then has the relative error 1.01·λ(|β|)/(1 − λ), and x·dy/D^(β+1) that of |β| + 1.

import LayerKit
import RealModule
import Tensors

/// One element's D and D^β, and how far rounding may move what is divided by them.
struct LocalResponseRounding: Sendable {
  /// D.
  let base: Double
  /// D^β.
  let power: Double
  private let quotientError: Double
  private let termError: Double
  private let underflow: Double
  private let largest: Double

  /// Measures every element of the input.
  static func measure(
    _ layer: LocalResponseNorm, _ question: BoundQuestion
  ) -> Tensor<LocalResponseRounding> {
    let operands = question.operands
    let largest = operands.format.largestFinite
    let magnitudes = Magnitudes(layer, operands)
    let x = operands.inputs[0]
    let bases = layer.bases(operands)
    return Tensor(
      x.shape,
      (0..<x.count).map { offset in
        LocalResponseRounding(
          base: bases[offset], magnitude: magnitudes[offset], layer, operands.format,
          overflows: magnitudes.squares(offset) > largest, question.rounding)
      })
  }

  private init(
    base: Double, magnitude: Double, _ layer: LocalResponseNorm, _ format: NumberFormat,
    overflows: Bool, _ rounding: Rounding
  ) {
    self.base = base
    underflow = rounding.underflow
    largest = format.largestFinite
    let beta = format.rounded(layer.beta)
    power = Double.power(base, beta)
    let error =
      rounding.gamma(layer.size + 4) * magnitude
      + 2 * rounding.underflow * (1 + layer.alpha.magnitude)
    let ratio = error / base.magnitude
    let isBounded =
      ratio < 0.25 && base > 0 && !overflows && power >= format.smallestNormal
      && power <= largest
    let exponent = ratio / (1 - ratio) + 3 * rounding.unit * Double.log(base.magnitude).magnitude
    func relative(_ factor: Double) -> Double {
      let lambda = Double.expMinusOne(factor * exponent + 8 * rounding.unit)
      return isBounded && lambda < 0.25 ? 1.01 * lambda / (1 - lambda) : .infinity
    }
    quotientError = relative(beta.magnitude)
    termError = relative(beta.magnitude + 1)
  }

  /// The error of a quotient x/D^β, given the quotient.
  func quotient(_ quotient: Double) -> Double {
    quotientError == .infinity ? .infinity : quotient.magnitude * quotientError + underflow
  }

  /// The error of a term p/D^(β+1), given the product p = dy·x, where any of the factors that it
  /// is computed from may underflow; infinite where one may overflow.
  func term(_ product: Double) -> Double {
    let inverse = 1 / power
    let partial = product.magnitude * max(1, inverse * inverse)
    guard termError < .infinity, partial * max(1, power / base) <= largest else {
      return .infinity
    }
    return (product * inverse / base).magnitude * termError
      + underflow * (1 + inverse / base + inverse + 1 / base + power / base + inverse * inverse)
  }

  /// |k| + |α|·mean x² of each element.
  private struct Magnitudes {
    private let layer: LocalResponseNorm
    private let sums: [Double]

    init(_ layer: LocalResponseNorm, _ operands: Operands<Double>) {
      self.layer = layer
      let x = operands.inputs[0]
      let (_, channels, inner) = x.shape.split(at: 1)
      sums = (0..<x.count).map { offset in
        let c = offset / inner % channels
        return layer.window(c, of: channels).reduce(0) { sum, j in
          let neighbour = x[offset + (j - c) * inner]
          return sum + neighbour * neighbour
        }
      }
    }

    subscript(_ offset: Int) -> Double {
      layer.k.magnitude + layer.alpha.magnitude * sums[offset] / Double(layer.size)
    }

    /// Σ x² over the window.
    func squares(_ offset: Int) -> Double { sums[offset] }
  }
}
