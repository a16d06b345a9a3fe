// Functions that several losses are made of.

import LayerKit
import Tensors

extension Scalar {
  /// 1, 0 or −1; 0 for NaN.
  static func sign(of x: Self) -> Self {
    select(.one, wherePositive: x, otherwise: select(-.one, wherePositive: -x, otherwise: .zero))
  }

  /// max(0, z); NaN stays NaN.
  static func hinge(_ z: Self) -> Self {
    z.isNaN ? z : select(.zero, wherePositive: -z, otherwise: z)
  }

  /// `slope` where the hinge rises, which includes its kink, z = 0; otherwise 0, and for NaN.
  static func hingeSlope(_ slope: Self, at z: Self) -> Self {
    z.isNaN ? .zero : select(.zero, wherePositive: -z, otherwise: slope)
  }

  /// log σ(x) = min(0, x) − log(1 + e^−|x|).
  static func logLogistic(_ x: Self) -> Self {
    x < .zero ? x - log(onePlus: exp(x)) : -log(onePlus: exp(-x))
  }

  /// The derivative of log σ(x), which is σ(−x).
  ///
  /// For x < 0 it is computed as 1 − eˣ/(1 + eˣ).
  static func logLogisticSlope(_ x: Self) -> Self {
    let e = exp(x < .zero ? x : -x)
    let quotient = e / (.one + e)
    return x < .zero ? .one - quotient : quotient
  }
}

extension HyperparameterReader {
  /// A real number above 0.
  mutating func positive(_ name: String, default placeholder: Double) -> Double {
    let number = real(name, default: placeholder)
    guard number <= 0, let stated = value(name) else { return number }
    report(.outOfRange(hyperparameter: name, allowed: "a number above 0", found: stated))
    return placeholder
  }
}
