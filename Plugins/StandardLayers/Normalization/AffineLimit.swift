import Tensors

/// A limit that is a constant and multiples of the magnitudes of two numbers of an element.
///
///     base + first·|p| + second·|q − shift|
///
/// All bounds of normalisations have this form along a run of elements that share a group and a
/// weight.
struct AffineLimit {
  var base: Double
  var first = 0.0
  var second = 0.0
  var shift = 0.0

  /// Writes the limits of neighbouring elements.
  @inline(__always)
  func fill(_ memory: LimitMemory, _ run: Range<Int>) {
    let (limits, p, q) = (
      memory.limits + run.lowerBound, memory.p + run.lowerBound, memory.q + run.lowerBound
    )
    for i in 0..<run.count {
      limits[i] = base + first * p[i].magnitude + second * (q[i] - shift).magnitude
    }
  }
}

/// The numbers that limits follow from, and where these are written.
///
/// `@unchecked Sendable`: tasks only read the numbers, and each writes the limits of its own groups.
struct LimitMemory: @unchecked Sendable {
  let p: UnsafePointer<Double>
  let q: UnsafePointer<Double>
  let limits: UnsafeMutablePointer<Double>

  /// The limits that `fill` writes, as a tensor.
  static func limits(
    _ shape: Shape, _ p: Tensor<Double>, _ q: Tensor<Double>, _ fill: (LimitMemory) -> Void
  ) -> Tensor<Double> {
    let limits = p.elements.withUnsafeBufferPointer { p in
      q.elements.withUnsafeBufferPointer { q in
        [Double](uninitializedCount: shape.count) { limits in
          guard let p = p.baseAddress, let q = q.baseAddress, let limits = limits.baseAddress
          else { return }
          fill(LimitMemory(p: p, q: q, limits: limits))
        }
      }
    }
    return Tensor(shape, limits)
  }

  /// Says that nothing is known of neighbouring elements.
  func leaveUnbounded(_ run: Range<Int>) {
    (limits + run.lowerBound).update(repeating: .infinity, count: run.count)
  }
}
