internal import CKernels
public import Tensors

extension Float: KernelScalar {
  /// A tile of a product.
  public static func productTile(_ t: ProductTile<Float>) {
    ck_product_f32(
      t.instructions.rawValue, Int32(t.rows), Int32(t.vectors), t.a, t.b, t.offsets, t.terms,
      t.count, t.c, t.pitch, Int32(t.columns), t.sums, t.sumsPitch, t.streams ? 1 : 0, t.bias)
  }

  /// A tile of a correlation.
  public static func correlationTile(_ t: CorrelationTile<Float>) {
    ck_correlate_f32(
      t.instructions.rawValue, Int32(t.rows), Int32(t.vectors), t.source, t.offsets, t.lines,
      t.starts, t.lineCount, t.length, t.gradient, t.c, t.places, Int32(t.columns),
      t.accumulates ? 1 : 0)
  }

  /// A tile whose lanes are filters.
  public static func filterTile(_ t: FilterTile<Float>) {
    ck_filters_f32(
      t.instructions.rawValue, Int32(t.rows), Int32(t.vectors), t.source, t.places, t.offsets,
      t.count, t.weights, t.weightsPitch, t.c, t.pitch, t.sums, t.sumsPitch)
  }

  /// A tile of inner products.
  public static func dotTile(_ t: DotTile<Float>) {
    ck_dots_f32(
      t.instructions.rawValue, Int32(t.rows), Int32(t.columns), t.a, t.aPitch, t.b, t.bPitch,
      t.count, t.c, t.pitch)
  }

  /// A tile of a correlation for few outputs.
  public static func overlapTile(_ t: OverlapTile<Float>) {
    ck_overlap_f32(
      t.instructions.rawValue, Int32(t.rows), Int32(t.terms), t.gradient, t.gradientPitch,
      t.source, t.offsets, t.lines, t.lineCount, t.length, t.c, t.pitch, t.accumulates ? 1 : 0)
  }

  /// Turns a matrix.
  public static func transpose(_ t: Transposition<Float>) {
    ck_transpose_f32(
      t.instructions.rawValue, t.rows, t.columns, t.source, t.sourcePitch, t.target, t.targetPitch)
  }

  /// A convolution of one plane.
  public static func planeTile(_ t: PlaneTile<Float>) {
    ck_plane_f32(
      t.instructions.rawValue, t.rows, t.columns, t.source, t.pitch, t.offsets, t.weights, t.count,
      t.c, t.cPitch, t.bias)
  }

  /// Sums over the positions of a plane.
  public static func laneSums(_ t: LaneTile<Float>) {
    ck_lane_sums_f32(
      t.instructions.rawValue, t.terms, t.rows, t.columns, t.gradient, t.gradientPitch, t.source,
      t.pitch, t.offsets, t.lanes)
  }

  /// Adds the lanes of each term.
  public static func addLanes(
    _ terms: Int, _ lanes: UnsafePointer<Float>, to sums: UnsafeMutablePointer<Float>
  ) {
    ck_add_lanes_f32(terms, lanes, sums)
  }

  /// Copies rows with zeros beside them.
  public static func copyRows(_ t: RowCopy<Float>) {
    ck_copy_rows_f32(
      t.instructions.rawValue, t.above, t.rows, t.below, t.before, t.count, t.after, t.source,
      t.sourcePitch, t.stride, t.target)
  }

  /// Copies rows to places at another distance.
  public static func moveRows(_ t: RowMove<Float>) {
    ck_move_rows_f32(
      t.instructions.rawValue, t.rows, t.count, t.source, t.sourcePitch, t.target, t.targetPitch)
  }

  /// Joins rows.
  public static func joinRows(_ t: RowJoin<Float>) {
    ck_join_rows_f32(
      t.instructions.rawValue, t.segments.count, t.segments.baseAddress, t.skipped, t.count,
      t.source, t.sourcePitch, t.target)
  }

  /// Interleaves residues.
  public static func interleave(_ t: Interleaving<Float>) {
    ck_interleave_f32(
      t.instructions.rawValue, t.rows, t.count, t.residues.rows, t.residues.columns, t.source,
      t.sourcePitch, t.residues.columns * t.between, t.between, t.target, t.targetPitch)
  }

  /// Copies rows past the caches.
  public static func streamRows(_ t: RowStream<Float>) {
    ck_stream_rows_f32(t.rows, t.width, t.source, t.sourcePitch, t.target)
  }

  /// Copies runs of neighbouring elements.
  public static func gather(_ t: RunCopy<Float>) {
    ck_gather_f32(t.instructions.rawValue, t.count, t.runs, t.source, t.target)
  }

  /// Whether all of so many numbers are finite.
  public static func areFinite(_ t: NumberRun<Float>) -> Bool {
    ck_all_finite_f32(t.instructions.rawValue, t.count, t.values) != 0
  }
}

extension Double: KernelScalar {
  /// A tile of a product.
  public static func productTile(_ t: ProductTile<Double>) {
    ck_product_f64(
      t.instructions.rawValue, Int32(t.rows), Int32(t.vectors), t.a, t.b, t.offsets, t.terms,
      t.count, t.c, t.pitch, Int32(t.columns), t.sums, t.sumsPitch, t.streams ? 1 : 0, t.bias)
  }

  /// A tile of a correlation.
  public static func correlationTile(_ t: CorrelationTile<Double>) {
    ck_correlate_f64(
      t.instructions.rawValue, Int32(t.rows), Int32(t.vectors), t.source, t.offsets, t.lines,
      t.starts, t.lineCount, t.length, t.gradient, t.c, t.places, Int32(t.columns),
      t.accumulates ? 1 : 0)
  }

  /// A tile whose lanes are filters.
  public static func filterTile(_ t: FilterTile<Double>) {
    ck_filters_f64(
      t.instructions.rawValue, Int32(t.rows), Int32(t.vectors), t.source, t.places, t.offsets,
      t.count, t.weights, t.weightsPitch, t.c, t.pitch, t.sums, t.sumsPitch)
  }

  /// A tile of inner products.
  public static func dotTile(_ t: DotTile<Double>) {
    ck_dots_f64(
      t.instructions.rawValue, Int32(t.rows), Int32(t.columns), t.a, t.aPitch, t.b, t.bPitch,
      t.count, t.c, t.pitch)
  }

  /// A tile of a correlation for few outputs.
  public static func overlapTile(_ t: OverlapTile<Double>) {
    ck_overlap_f64(
      t.instructions.rawValue, Int32(t.rows), Int32(t.terms), t.gradient, t.gradientPitch,
      t.source, t.offsets, t.lines, t.lineCount, t.length, t.c, t.pitch, t.accumulates ? 1 : 0)
  }

  /// Turns a matrix.
  public static func transpose(_ t: Transposition<Double>) {
    ck_transpose_f64(
      t.instructions.rawValue, t.rows, t.columns, t.source, t.sourcePitch, t.target, t.targetPitch)
  }

  /// A convolution of one plane.
  public static func planeTile(_ t: PlaneTile<Double>) {
    ck_plane_f64(
      t.instructions.rawValue, t.rows, t.columns, t.source, t.pitch, t.offsets, t.weights, t.count,
      t.c, t.cPitch, t.bias)
  }

  /// Sums over the positions of a plane.
  public static func laneSums(_ t: LaneTile<Double>) {
    ck_lane_sums_f64(
      t.instructions.rawValue, t.terms, t.rows, t.columns, t.gradient, t.gradientPitch, t.source,
      t.pitch, t.offsets, t.lanes)
  }

  /// Adds the lanes of each term.
  public static func addLanes(
    _ terms: Int, _ lanes: UnsafePointer<Double>, to sums: UnsafeMutablePointer<Double>
  ) {
    ck_add_lanes_f64(terms, lanes, sums)
  }

  /// Copies rows with zeros beside them.
  public static func copyRows(_ t: RowCopy<Double>) {
    ck_copy_rows_f64(
      t.instructions.rawValue, t.above, t.rows, t.below, t.before, t.count, t.after, t.source,
      t.sourcePitch, t.stride, t.target)
  }

  /// Copies rows to places at another distance.
  public static func moveRows(_ t: RowMove<Double>) {
    ck_move_rows_f64(
      t.instructions.rawValue, t.rows, t.count, t.source, t.sourcePitch, t.target, t.targetPitch)
  }

  /// Joins rows.
  public static func joinRows(_ t: RowJoin<Double>) {
    ck_join_rows_f64(
      t.instructions.rawValue, t.segments.count, t.segments.baseAddress, t.skipped, t.count,
      t.source, t.sourcePitch, t.target)
  }

  /// Interleaves residues.
  public static func interleave(_ t: Interleaving<Double>) {
    ck_interleave_f64(
      t.instructions.rawValue, t.rows, t.count, t.residues.rows, t.residues.columns, t.source,
      t.sourcePitch, t.residues.columns * t.between, t.between, t.target, t.targetPitch)
  }

  /// Copies rows past the caches.
  public static func streamRows(_ t: RowStream<Double>) {
    ck_stream_rows_f64(t.rows, t.width, t.source, t.sourcePitch, t.target)
  }

  /// Copies runs of neighbouring elements.
  public static func gather(_ t: RunCopy<Double>) {
    ck_gather_f64(t.instructions.rawValue, t.count, t.runs, t.source, t.target)
  }

  /// Whether all of so many numbers are finite.
  public static func areFinite(_ t: NumberRun<Double>) -> Bool {
    ck_all_finite_f64(t.instructions.rawValue, t.count, t.values) != 0
  }
}
