public import Tensors

/// A number type that the fast kernels compute with: `Float` and `Double`.
///
/// The requirements are the micro-kernels; only this module calls them.
public protocol KernelScalar: FloatingScalar {
  /// A tile of a product: c[m][j] = bias[m] + Σ_p a[terms[p]·rows + m] · b[offsets[p] + j], or sums[m][j] + ….
  static func productTile(_ tile: ProductTile<Self>)

  /// A tile of a correlation: c[m][j] = Σ_l Σ_x s[offsets[m] + lines[l] + x] · g[…][j].
  static func correlationTile(_ tile: CorrelationTile<Self>)

  /// A tile whose lanes are filters: c[m][j] = sums[m][j] + Σ_p s[places[m] + offsets[p]] · w[p][j].
  static func filterTile(_ tile: FilterTile<Self>)

  /// A tile of inner products: c[m][j] = Σ_p a[m·lda + p] · b[j·ldb + p].
  static func dotTile(_ tile: DotTile<Self>)

  /// A tile of a correlation for few outputs: positions are summed side by side.
  static func overlapTile(_ tile: OverlapTile<Self>)

  /// A convolution of one plane: c[y][x] = bias + Σ_t w[t] · s[offsets[t] + y·pitch + x].
  static func planeTile(_ tile: PlaneTile<Self>)

  /// The same sums over positions, spread over 64 bytes of lanes for each term.
  static func laneSums(_ tile: LaneTile<Self>)

  /// Adds the lanes of each term as a binary tree.
  static func addLanes(
    _ terms: Int, _ lanes: UnsafePointer<Self>, to sums: UnsafeMutablePointer<Self>)

  /// Convolutions of planes with a small square window.
  static func direct(_ planes: DirectTile<Self>)

  /// The transposed convolutions, with a stride of 2.
  static func spread(_ planes: DirectTile<Self>)

  /// The sums over positions of such convolutions, spread over 64 bytes of lanes for each term.
  static func directSums(_ planes: DirectSums<Self>)

  /// Copies small planes with zeros around them.
  static func smallCopies(_ planes: SmallCopies<Self>)

  /// The positions of a window over small planes.
  static func small(_ tile: SmallTile<Self>)

  /// Sums over such positions, spread over 64 bytes of lanes for each term.
  static func smallSums(_ tile: SmallSums<Self>)

  /// Copies rows with zeros beside them.
  static func copyRows(_ rows: RowCopy<Self>)

  /// Copies rows to places at another distance.
  static func moveRows(_ rows: RowMove<Self>)

  /// Copies rows of some segments without gaps.
  static func joinRows(_ rows: RowJoin<Self>)

  /// Puts the residues of rows and columns together.
  static func interleave(_ planes: Interleaving<Self>)

  /// Copies rows to a place without gaps, past the caches.
  static func streamRows(_ rows: RowStream<Self>)

  /// Copies runs of neighbouring elements, or writes zeros there.
  static func gather(_ copy: RunCopy<Self>)

  /// Whether all of so many numbers are finite.
  static func areFinite(_ numbers: NumberRun<Self>) -> Bool

  /// y[i] = f(x[i]) for `count` elements; x and y may be the same.
  static func elementary(
    _ function: ElementaryFunction, _ x: UnsafePointer<Self>, _ y: UnsafeMutablePointer<Self>,
    count: Int)

  /// Turns a matrix: target[x·ldt + r] = source[r·lds + x].
  static func transpose(_ matrix: Transposition<Self>)
}
