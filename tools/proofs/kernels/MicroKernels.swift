import CKernels

/// The micro-kernels of one type, with the parameters of their header.
struct MicroKernels<S: ProofScalar> {
  typealias Source = UnsafePointer<S>?
  typealias Target = UnsafeMutablePointer<S>?
  typealias Offsets = UnsafePointer<Int>?

  let product:
    (
      Int32, Int32, Int32, Source, Source, Offsets, Offsets, Int, Target, Int, Int32, Source, Int,
      Int32, Source
    ) -> Void
  let correlate:
    (
      Int32, Int32, Int32, Source, Offsets, Offsets, Offsets, Int, Int, Source, Target, Offsets,
      Int32, Int32
    ) -> Void
  let filters:
    (
      Int32, Int32, Int32, Source, Offsets, Offsets, Int, Source, Int, Target, Int, Source, Int
    ) -> Void
  let dots: (Int32, Int32, Int32, Source, Int, Source, Int, Int, Target, Int) -> Void
  let overlap:
    (
      Int32, Int32, Int32, Source, Int, Source, Offsets, Offsets, Int, Int, Target, Int, Int32
    ) -> Void
  let plane: (Int32, Int, Int, Source, Int, Offsets, Source, Int, Target, Int, S) -> Void
  let laneSums: (Int32, Int, Int, Int, Source, Int, Source, Int, Offsets, Target) -> Void
  let addLanes: (Int, Source, Target) -> Void
  let copyRows: (Int32, Int, Int, Int, Int, Int, Int, Source, Int, Int, Target) -> Void
  let moveRows: (Int32, Int, Int, Source, Int, Target, Int) -> Void
  let joinRows: (Int32, Int, Offsets, Int, Int, Source, Int, Target) -> Void
  let interleave: (Int32, Int, Int, Int, Int, Source, Int, Int, Int, Target, Int) -> Void
  let streamRows: (Int, Int, Source, Int, Target) -> Void
  let gather: (Int32, Int, UnsafePointer<ck_run>?, Source, Target) -> Void
  let allFinite: (Int32, Int, Source) -> Int32
  let transpose: (Int32, Int, Int, Source, Int, Target, Int) -> Void
  let smallCopy: (Int32, Int, Int, Int, Int, Int, Int, Int, Source, Target) -> Void
  let small: (Int32, UnsafePointer<ck_small>?, Source, Offsets, Source, Source, Target) -> Void
  let smallSums: (Int32, UnsafePointer<ck_small>?, Source, Offsets, Source, Target) -> Void
}

extension MicroKernels<Float> {
  static var narrow: Self {
    Self(
      product: ck_product_f32, correlate: ck_correlate_f32, filters: ck_filters_f32,
      dots: ck_dots_f32, overlap: ck_overlap_f32, plane: ck_plane_f32, laneSums: ck_lane_sums_f32,
      addLanes: ck_add_lanes_f32, copyRows: ck_copy_rows_f32, moveRows: ck_move_rows_f32,
      joinRows: ck_join_rows_f32, interleave: ck_interleave_f32, streamRows: ck_stream_rows_f32,
      gather: ck_gather_f32, allFinite: ck_all_finite_f32, transpose: ck_transpose_f32,
      smallCopy: ck_small_copy_f32, small: ck_small_f32, smallSums: ck_small_sums_f32)
  }
}

extension MicroKernels<Double> {
  static var wide: Self {
    Self(
      product: ck_product_f64, correlate: ck_correlate_f64, filters: ck_filters_f64,
      dots: ck_dots_f64, overlap: ck_overlap_f64, plane: ck_plane_f64, laneSums: ck_lane_sums_f64,
      addLanes: ck_add_lanes_f64, copyRows: ck_copy_rows_f64, moveRows: ck_move_rows_f64,
      joinRows: ck_join_rows_f64, interleave: ck_interleave_f64, streamRows: ck_stream_rows_f64,
      gather: ck_gather_f64, allFinite: ck_all_finite_f64, transpose: ck_transpose_f64,
      smallCopy: ck_small_copy_f64, small: ck_small_f64, smallSums: ck_small_sums_f64)
  }
}
