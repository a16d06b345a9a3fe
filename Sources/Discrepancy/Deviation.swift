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
  @_specialize(where S == Double)
  @_specialize(where S == Float)
  public mutating func compare<S: FloatingScalar>(
    _ ours: Tensor<S>, from start: Int, _ reference: [Double]
  ) {
    let ours = ours.elements
    let block = 1 << 16
    let parts = Parallel.map((reference.count + block - 1) / block) { index in
      var part = Deviation()
      for i in index * block..<min((index + 1) * block, reference.count) {
        part.take((ours[start + i].value - reference[i]).magnitude, start + i)
        part.scale = max(part.scale, reference[i].magnitude)
      }
      return part
    }
    for part in parts {
      take(part.maxAbsolute, part.offset)
      scale = max(scale, part.scale)
    }
  }

  /// The first of the largest differences; once a difference is NaN, it stays.
  @inline(__always)
  private mutating func take(_ error: Double, _ place: Int) {
    guard !(error <= maxAbsolute), !maxAbsolute.isNaN else { return }
    maxAbsolute = error
    offset = place
  }
}
