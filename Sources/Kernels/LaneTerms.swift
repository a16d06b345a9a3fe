internal import Tensors

/// The terms of a sum over a row, computed where they are added.
protocol LaneTerms<S> {
  associatedtype S: KernelScalar

  /// The term at a place.
  subscript(_ place: Int) -> S { get }
  /// The 16 terms from a place on.
  func lanes(_ place: Int) -> SIMD16<S>
}

/// x.
struct PlainTerms<S: KernelScalar>: LaneTerms {
  let x: UnsafePointer<S>

  @inline(__always)
  subscript(_ place: Int) -> S { x[place] }

  @inline(__always)
  func lanes(_ place: Int) -> SIMD16<S> { SIMD16(loading: x + place) }
}

/// (x − μ)².
struct SquareTerms<S: KernelScalar>: LaneTerms {
  let x: UnsafePointer<S>
  let mean: S

  @inline(__always)
  subscript(_ place: Int) -> S {
    let d = x[place] - mean
    return d * d
  }

  @inline(__always)
  func lanes(_ place: Int) -> SIMD16<S> {
    let d = SIMD16(loading: x + place) - mean
    return d * d
  }
}

/// y·(x − μ)/s.
struct NormalizedTerms<S: KernelScalar>: LaneTerms {
  let x: UnsafePointer<S>
  let y: UnsafePointer<S>
  let mean: S
  let deviation: S

  @inline(__always)
  subscript(_ place: Int) -> S { y[place] * ((x[place] - mean) / deviation) }

  @inline(__always)
  func lanes(_ place: Int) -> SIMD16<S> {
    SIMD16(loading: y + place) * ((SIMD16(loading: x + place) - mean) / deviation)
  }
}

extension LaneTerms {
  /// The sum of the terms from `start` on, in the order of `Reduction`: blocks of 256 in 16
  /// interleaved lanes, added as binary trees.
  @inline(__always)
  func sum(from start: Int, count: Int) -> S {
    let blocks = (count + 255) / 256
    return withUnsafeTemporaryAllocation(of: S.self, capacity: max(1, blocks)) { sums in
      for block in 0..<blocks {
        let first = start + block * 256
        sums.initializeElement(
          at: block, to: blockSum(first..<min(first + 256, start + count)))
      }
      return UnsafeBufferPointer(rebasing: sums[..<blocks]).treeSum
    }
  }

  @inline(__always)
  private func blockSum(_ range: Range<Int>) -> S {
    var lanes = SIMD16<S>()
    var place = range.lowerBound
    while place + 16 <= range.upperBound {
      lanes += self.lanes(place)
      place += 16
    }
    for rest in place..<range.upperBound { lanes[rest - place] += self[rest] }
    let eight = lanes.lowHalf + lanes.highHalf
    let four = eight.lowHalf + eight.highHalf
    let two = four.lowHalf + four.highHalf
    return two.x + two.y
  }
}

extension SIMD16 {
  @inline(__always)
  fileprivate init(loading place: UnsafePointer<Scalar>) {
    self = UnsafeRawPointer(place).loadUnaligned(as: Self.self)
  }
}

extension UnsafeBufferPointer where Element: KernelScalar {
  /// The sum as a binary tree: that of the first half and that of the second.
  var treeSum: Element {
    switch count {
    case 0: 0
    case 1: self[0]
    default:
      Self(rebasing: self[..<(count / 2)]).treeSum + Self(rebasing: self[(count / 2)...]).treeSum
    }
  }
}
