import Tensors

extension Tensor<Double> {
  /// The largest difference from another tensor, relative to the largest magnitude of either; NaN
  /// if either has a NaN, infinite if the shapes differ.
  func relativeDifference(from other: Tensor<Double>) -> Double {
    guard shape == other.shape else { return .infinity }
    var difference = 0.0
    var size = 0.0
    for index in 0..<count {
      let (a, b) = (self[index], other[index])
      // Equal infinities have no distance.
      let distance = a == b ? 0 : (a - b).magnitude
      if !(distance <= difference) { difference = distance }
      size = max(size, a.magnitude, b.magnitude)
    }
    return difference == 0 ? 0 : difference / size
  }
}

/// The hyperbolic tangent.
func hyperbolicTangent(_ x: Double) -> Double {
  func value<S: Scalar>(_ x: S) -> S { .tanh(x) }
  return value(x)
}
