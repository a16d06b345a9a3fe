// Central differences D(h) = (f(h) − f(−h)) / 2h have the error c₂h² + c₄h⁴ + …, so that combinations
// of a few steps cancel one power after the other (L. F. Richardson, 1911; in this form C. J. F.
// Ridders, *Advances in Engineering Software* 4, 1982):
//
//     A(h) = (4·D(h/2) − D(h)) / 3,   B(h) = (16·A(h/2) − A(h)) / 15
//
// What B and A(h/2) differ by tells how far B may be off. Long steps suffer from what was cut off
// and from kinks, short ones from rounding: every output keeps the best of several lengths.

import LayerKit
import Tensors

enum FiniteDifferences {
  /// The longest step of each table; the shortest is a quarter of it.
  private static let steps: [Double] = [
    0x1p-5, 0x1p-8, 0x1p-11, 0x1p-14, 0x1p-17, 0x1p-20, 0x1p-23,
  ]

  /// Below this uncertainty relative to the derivative no further step is tried.
  private static let goal = 0x1p-37

  /// The derivatives of all outputs of `f` at 0, each with its uncertainty.
  static func tangent(
    _ f: (_ distance: Double) throws(LayerFailure) -> [Double]
  ) throws(LayerFailure) -> Tangent {
    let here = try f(0)
    var best = Tangent(
      values: here.map { _ in 0 }, uncertainty: here.map { _ in .infinity })
    for step in steps {
      var beside: [(Double, [Double], [Double])] = []
      for distance in [step, step / 2, step / 4] {
        beside.append((distance, try f(distance), try f(-distance)))
      }
      for k in here.indices {
        let found = Extrapolation(
          here: here[k], beside: beside.map { ($0.0, $0.1[k], $0.2[k]) })
        // Written so that NaN is never the best.
        if found.uncertainty < best.uncertainty[k] {
          best.values[k] = found.value
          best.uncertainty[k] = found.uncertainty
        }
      }
      let isGood = here.indices.allSatisfy {
        best.uncertainty[$0] <= goal * max(best.values[$0].magnitude, here[$0].magnitude)
      }
      if isGood { break }
    }
    return best
  }
}

/// The derivative of one output from three central differences whose steps halve.
private struct Extrapolation {
  let value: Double
  let uncertainty: Double

  init(here: Double, beside: [(step: Double, above: Double, below: Double)]) {
    let d = beside.map { ($0.above - $0.below) / (2 * $0.step) }
    let (long, short) = ((4 * d[1] - d[0]) / 3, (4 * d[2] - d[1]) / 3)
    value = (16 * short - long) / 15
    // At a kink the slopes to both sides differ by a jump that no step makes smaller; where the
    // function is smooth, they differ by h·f″.
    func bend(_ k: Int) -> Double {
      ((beside[k].above - here) - (here - beside[k].below)).magnitude / beside[k].step
    }
    // A step is known to u·|x| and f to a few u, |x| ≤ 4: divided by the shortest step.
    let largest = beside.reduce(here.magnitude) { max($0, $1.above.magnitude, $1.below.magnitude) }
    let noise = 0x1p-51 * (largest + 4 * value.magnitude) / beside[2].step
    let isKink = bend(2) > bend(0) / 2 && bend(2) > 8 * noise
    uncertainty = isKink ? .infinity : 4 * ((value - short).magnitude + noise)
  }
}
