// Sums over the elements of one group, for bounds: eight lanes side by side, whose order depends on
// the layout alone.

import Tensors

/// Sums over a group of d = x − μ, or of x itself for μ = 0.
struct CentredSums {
  /// Σ d.
  private(set) var total = 0.0
  /// Σ |d|.
  private(set) var magnitude = 0.0
  /// Σ d².
  private(set) var squares = 0.0

  /// Adds the elements of group `g` of `x`.
  init(
    _ x: UnsafePointer<Double>, minus mean: Double, group g: Int, of layout: NormalizationGroups
  ) {
    var lanes = (total: Lanes.zero, magnitude: Lanes.zero, squares: Lanes.zero)
    layout.forEachPiece(of: g) { piece in
      let start = x + piece.lowerBound
      let whole = piece.count & ~(Lanes.scalarCount - 1)
      for i in stride(from: 0, to: whole, by: Lanes.scalarCount) {
        let d = Lanes(loading: start + i) - mean
        lanes.total += d
        lanes.magnitude += d.magnitudes
        lanes.squares += d * d
      }
      for i in whole..<piece.count {
        let d = start[i] - mean
        total += d
        magnitude += d.magnitude
        squares += d * d
      }
    }
    total += lanes.total.treeSum
    magnitude += lanes.magnitude.treeSum
    squares += lanes.squares.treeSum
  }
}

/// Sums over elements of the products of h and d = x − μ.
struct ProductSums {
  /// Σ h.
  private(set) var total = 0.0
  /// Σ |h|.
  private(set) var magnitude = 0.0
  /// Σ h·d.
  private(set) var product = 0.0
  /// Σ |h·d|.
  private(set) var productMagnitude = 0.0

  /// Sums of nothing.
  init() {}

  /// Adds neighbouring elements.
  mutating func add(
    _ h: UnsafePointer<Double>, _ x: UnsafePointer<Double>, minus mean: Double, _ range: Range<Int>
  ) {
    let (h, x) = (h + range.lowerBound, x + range.lowerBound)
    let whole = range.count & ~(Lanes.scalarCount - 1)
    if whole > 0 {
      var lanes = (
        total: Lanes.zero, magnitude: Lanes.zero, product: Lanes.zero, products: Lanes.zero
      )
      for i in stride(from: 0, to: whole, by: Lanes.scalarCount) {
        let factor = Lanes(loading: h + i)
        let product = factor * (Lanes(loading: x + i) - mean)
        lanes.total += factor
        lanes.magnitude += factor.magnitudes
        lanes.product += product
        lanes.products += product.magnitudes
      }
      total += lanes.total.treeSum
      magnitude += lanes.magnitude.treeSum
      product += lanes.product.treeSum
      productMagnitude += lanes.products.treeSum
    }
    for i in whole..<range.count {
      let own = h[i] * (x[i] - mean)
      total += h[i]
      magnitude += h[i].magnitude
      product += own
      productMagnitude += own.magnitude
    }
  }
}

/// Neighbouring elements that are worked on together.
private typealias Lanes = SIMD8<Double>

extension SIMD8<Double> {
  @inline(__always)
  fileprivate init(loading place: UnsafePointer<Double>) {
    self = UnsafeRawPointer(place).loadUnaligned(as: Self.self)
  }

  /// The absolute value of each lane: all bits but the sign.
  @inline(__always)
  fileprivate var magnitudes: Self {
    let bits = unsafeBitCast(self, to: SIMD8<UInt64>.self) & 0x7FFF_FFFF_FFFF_FFFF
    return unsafeBitCast(bits, to: Self.self)
  }

  /// The sum of the lanes as a binary tree.
  @inline(__always)
  fileprivate var treeSum: Double {
    let four = lowHalf + highHalf
    let two = four.lowHalf + four.highHalf
    return two.x + two.y
  }
}
