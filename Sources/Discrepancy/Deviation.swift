public import Tensors

/// The distance of two whole tensors in the maximum norm: for runs whose inputs differ already,
/// where no bound of a single element holds.
public struct Deviation: Hashable, Sendable {
  /// max |ours − reference|; NaN if any difference is.
  public private(set) var maxAbsolute = 0.0
  /// max |reference|.
  public private(set) var scale = 0.0
  /// The row-major offset of the largest difference.
  public private(set) var offset = 0

  /// A deviation of nothing yet.
  public init() {}

  /// The largest difference relative to the largest element; 0 where both are 0.
  public var relative: Double { maxAbsolute == 0 ? 0 : maxAbsolute / scale }

  /// Takes in the elements from `start` on.
  public mutating func compare<S: FloatingScalar>(
    _ ours: Tensor<S>, from start: Int, _ reference: [Double]
  ) {
    for (i, theirs) in reference.enumerated() {
      let error = (Double(ours[start + i]) - theirs).magnitude
      if !(error <= maxAbsolute) && !maxAbsolute.isNaN {
        maxAbsolute = error
        offset = start + i
      }
      scale = max(scale, theirs.magnitude)
    }
  }
}
