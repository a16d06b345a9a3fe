// Micro-kernels: the innermost loops of products and convolutions.
//
// Plain functions on pointers and counts: no allocation, no threads, no state. Each exists for
// several instruction sets; `isa` chooses one. All of them compute every output with the same
// sequence of fused multiply-adds, one output to a vector lane, so they give the same bits.

#pragma once

#include <stddef.h>
#include <stdint.h>

/// Instruction sets, from the narrowest to the widest.
enum ck_isa { ck_isa_portable = 0, ck_isa_avx2 = 1, ck_isa_avx512 = 2 };

/// The widest instruction set that this processor has.
int ck_isa_best(void);

/// The number of scalars of `size` bytes in one vector of the instruction set.
int ck_lanes(int isa, size_t size);

/// The largest number of rows of a tile that is `vectors` vectors wide (1, 2 or 4), 0 if there is none.
int ck_tile_rows(int isa, int vectors);

/// The largest number of rows of a tile of `ck_correlate_…`.
int ck_correlate_rows(int isa);

// ck_product_…: c[m·ldc + j] = bias[m] + Σ_p a[terms[p]·rows + m] · b[offsets[p] + j], j < columns
//               (sums[m·lds + j] + Σ …, if there are sums), p ascending, one chain of fused
//               multiply-adds.
//   rows ≤ ck_tile_rows(isa, vectors); columns ≤ vectors · lanes.
//   b must be readable for vectors · lanes elements from every offset. bias and sums may be null,
//   sums may be c. If it `streams`, whole vectors go past the caches in rows that begin at a multiple
//   of their size; see ck_stream_end.
//
// ck_correlate_…: c[places[m] + j] (+)= Σ_l Σ_x s[offsets[m] + lines[l] + x] · g[(starts[l] + x)·V + j],
//   x < length, where V = vectors · lanes.
//   rows ≤ ck_correlate_rows(isa); vectors is 1 or 2.
//
// ck_filters_…: c[m·ldc + j] = sums[m·lds + j] + Σ_p s[places[m] + offsets[p]] · w[p·ldw + j],
//   j < vectors · lanes, p ascending, one chain of fused multiply-adds; sums may be c.
//   rows ≤ ck_correlate_rows(isa); vectors is 1 or 2.
//
// ck_dots_…: c[m·ldc + j] = Σ_p a[m·lda + p] · b[j·ldb + p], m < rows ≤ 8, j < columns ≤ 2.
//   Sums 64 bytes' worth of lanes side by side and adds them in a fixed tree.
//
// ck_overlap_…: c[k·ldc + m] (+)= Σ_l Σ_x g[m·ldg + l·length + x] · s[offsets[k] + lines[l] + x],
//   m < rows ≤ 4, k < terms ≤ 6. Sums as ck_dots_… does. Both factors must be readable for 64 bytes
//   beyond the end of a line.
//
// ck_plane_…: c[y·ldc + x] = bias + Σ_t w[t] · s[offsets[t] + y·pitch + x], y < rows, x < columns, one
//   chain of fused multiply-adds. s must be readable for 128 bytes beyond the end of a line.
//
// ck_lane_sums_…: lanes[t·L + x mod L] += Σ_y Σ_x g[y·ldg + x] · s[offsets[t] + y·pitch + x], where L
//   scalars fill 64 bytes. ck_add_lanes_…: c[t] = the sum of the L lanes of t as a binary tree.
//
// ck_copy_rows_…: `above` rows of zeros; for each of `rows` rows `before` zeros, source[x·stride] for
//   x < count, `after` zeros; `below` rows of zeros: all without gaps. lds is the distance between
//   two rows of the source.
//
// ck_stream_rows_…: target[r·width + x] = source[r·lds + x], past the caches; ck_stream_end makes
//   what this thread has streamed visible before anything that it stores later.
//
// ck_gather_…: target[run.target + i] = source[run.source + i], or 0 if run.source < 0, for
//   i < run.count; one run after the other. Up to 32 bytes beyond the end of a run are read, and
//   written; the runs ascend in the target, so that the next one overwrites them.
//
// ck_all_finite_…: whether all of count elements are finite.
//
// ck_prefetch: asks for `bytes` bytes from each of `rows` places, `pitch` bytes apart; reads nothing.
//
// ck_transpose_…: target[x·ldt + r] = source[r·lds + x], r < rows, x < columns.
//
// ck_move_rows_…: target[r·ldt + x] = source[r·lds + x], r < rows, x < count.
//
// ck_join_rows_…: of each of the `segments`, rows[k] rows of `count` numbers, without gaps; `skip` rows
//   of the source lie between two segments. Up to 64 bytes are read beyond the end of a row, and
//   written beyond the end of the target.
//
// ck_interleave_…: target[r·ldt + x] = s[(r mod high)·between_rows + (x mod wide)·between
//   + ⌊r/high⌋·lds + ⌊x/wide⌋], r < rows, x < count.

// ck_exp_…, ck_tanh_…, ck_logistic_…, ck_expm1_…, ck_erf_…, ck_softplus_…: y[i] = eˣ, tanh x,
//   1/(1 + e⁻ˣ), eˣ − 1, erf x, ln(1 + eˣ) of x[i], i < count; x may be y.
//   Relative errors in units of the last place: 1.1, 2.7, 2.6, 2.0, 1.5, 4.0; NaN stays NaN.

// ck_direct_…: for the result planes first ≤ i < end, with a window of K × K taps p, q:
//   c[y][x] = bias + Σ_pq w[p][q] · s[S·y + p − P][S·x + q − P'], or, if `turned` (S = 1),
//             bias + Σ_pq w[p][q] · s[y + K − 1 − p − P][x + K − 1 − q − P'],
//   one chain of fused multiply-adds, p and q ascending; zeros beside the plane are multiplied.
//
// ck_spread_…: c[h][v] = bias + Σ_pq w[p][q] · g[(h + P − p)/2][(v + P' − q)/2] over the p and q for
//   which 2 divides, likewise.
//
// ck_direct_sums_…: lanes[p, q][(x − left) mod L] += Σ_y Σ_x g[y][x] · s[S·y + p − P][S·x + q − P'] for
//   a part of the positions, in this order, where L scalars fill 64 bytes.

// ck_small_copy_…: planes of rows × columns, one after the other, with zeros around each of them.
//
// ck_small_…: c[n·result_step + (m·rows + y)·columns + x] = bias[m] + Σ_t w[m·terms + t] ·
//   s[n·source_step + offsets[t] + y·pitch + x] for all samples, outputs m, rows and columns, one chain
//   of fused multiply-adds. bias may be null. s must be readable for 64 bytes beyond the end of a line.
//
// ck_small_sums_…: lanes[(m·terms + t)·L + x mod L] = Σ_n Σ_y Σ_x g[n·result_step + (m·rows + y)·columns + x] ·
//   s[n·source_step + offsets[t] + y·pitch + x] in this order, where L scalars fill 64 bytes.

/// Positions of a window over a few small planes.
struct ck_small {
  ptrdiff_t samples, outputs, terms, rows, columns;
  /// The distance between two rows of the source.
  ptrdiff_t pitch;
  /// The distances between two samples of the source and of the result, or of the gradient.
  ptrdiff_t source_step, result_step;
};

/// Planes that lie one after the other without gaps, and a window that moves over them.
struct ck_direct {
  /// The extents of a plane that is read.
  ptrdiff_t height, width;
  /// The extents of a plane that is written; in `ck_direct_sums_…` those of the gradient.
  ptrdiff_t rows, columns;
  /// K, 3 or 5, and S, 1 or 2.
  ptrdiff_t kernel, stride;
  /// P and P′; all windows overlap the plane or the K − 1 cells beside it.
  ptrdiff_t above, before;
  /// Whether the window is turned by half a turn.
  int turned;
  /// How many neighbouring results read the same plane, and how many have weights of their own.
  ptrdiff_t outputs, channels;
};

/// A part of the positions of a plane.
struct ck_part {
  ptrdiff_t top, bottom, left, right;
};

/// Neighbouring elements that are copied together.
struct ck_run {
  ptrdiff_t target, source, count;
};

#define CK_DECLARE(T, S)                                                                         \
  void ck_product_##S(                                                                           \
    int isa, int rows, int vectors, const T *a, const T *b, const ptrdiff_t *offsets,            \
    const ptrdiff_t *terms, ptrdiff_t count, T *c, ptrdiff_t ldc, int columns, const T *sums,    \
    ptrdiff_t lds, int streams, const T *bias);                                                  \
  void ck_correlate_##S(                                                                         \
    int isa, int rows, int vectors, const T *s, const ptrdiff_t *offsets,                        \
    const ptrdiff_t *lines, const ptrdiff_t *starts, ptrdiff_t line_count, ptrdiff_t length,     \
    const T *g, T *c, const ptrdiff_t *places, int columns, int accumulate);                     \
  void ck_filters_##S(                                                                           \
    int isa, int rows, int vectors, const T *s, const ptrdiff_t *places,                         \
    const ptrdiff_t *offsets, ptrdiff_t count, const T *w, ptrdiff_t ldw, T *c, ptrdiff_t ldc,   \
    const T *sums, ptrdiff_t lds);                                             \
  void ck_dots_##S(                                                                              \
    int isa, int rows, int columns, const T *a, ptrdiff_t lda, const T *b, ptrdiff_t ldb,        \
    ptrdiff_t count, T *c, ptrdiff_t ldc);                                                       \
  void ck_overlap_##S(                                                                           \
    int isa, int rows, int terms, const T *g, ptrdiff_t ldg, const T *s,                         \
    const ptrdiff_t *offsets, const ptrdiff_t *lines, ptrdiff_t line_count, ptrdiff_t length,    \
    T *c, ptrdiff_t ldc, int accumulate);                                                        \
  void ck_plane_##S(                                                                             \
    int isa, ptrdiff_t rows, ptrdiff_t columns, const T *s, ptrdiff_t pitch,                     \
    const ptrdiff_t *offsets, const T *w, ptrdiff_t count, T *c, ptrdiff_t ldc, T bias);         \
  void ck_lane_sums_##S(                                                                         \
    int isa, ptrdiff_t terms, ptrdiff_t rows, ptrdiff_t columns, const T *g, ptrdiff_t ldg,      \
    const T *s, ptrdiff_t pitch, const ptrdiff_t *offsets, T *lanes);                            \
  void ck_add_lanes_##S(ptrdiff_t terms, const T *lanes, T *c);                                  \
  void ck_copy_rows_##S(                                                                         \
    int isa, ptrdiff_t above, ptrdiff_t rows, ptrdiff_t below, ptrdiff_t before,                 \
    ptrdiff_t count, ptrdiff_t after, const T *source, ptrdiff_t lds, ptrdiff_t stride,          \
    T *target);                                                                                  \
  void ck_move_rows_##S(                                                                         \
    int isa, ptrdiff_t rows, ptrdiff_t count, const T *source, ptrdiff_t lds, T *target,         \
    ptrdiff_t ldt);                                                                              \
  void ck_join_rows_##S(                                                                         \
    int isa, ptrdiff_t segments, const ptrdiff_t *rows, ptrdiff_t skip, ptrdiff_t count,         \
    const T *source, ptrdiff_t lds, T *target);                                                  \
  void ck_interleave_##S(                                                                        \
    int isa, ptrdiff_t rows, ptrdiff_t count, ptrdiff_t high, ptrdiff_t wide, const T *s,        \
    ptrdiff_t lds, ptrdiff_t between_rows, ptrdiff_t between, T *target, ptrdiff_t ldt);         \
  void ck_stream_rows_##S(                                                                       \
    ptrdiff_t rows, ptrdiff_t width, const T *source, ptrdiff_t lds, T *target);                 \
  void ck_direct_##S(                                                                            \
    int isa, const struct ck_direct *d, ptrdiff_t first, ptrdiff_t end, const T *s, const T *w,  \
    const T *bias, T *c);                                                                        \
  void ck_spread_##S(                                                                            \
    int isa, const struct ck_direct *d, ptrdiff_t first, ptrdiff_t end, const T *g, const T *w,  \
    const T *bias, T *c);                                                                        \
  void ck_direct_sums_##S(                                                                       \
    int isa, const struct ck_direct *d, const struct ck_part *band, ptrdiff_t first,             \
    ptrdiff_t end, const T *s, const T *g, T *lanes);                                            \
  void ck_gather_##S(                                                                            \
    int isa, ptrdiff_t count, const struct ck_run *runs, const T *source, T *target);            \
  int ck_all_finite_##S(int isa, ptrdiff_t count, const T *values);                              \
  void ck_small_copy_##S(                                                                        \
    int isa, ptrdiff_t planes, ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t above,               \
    ptrdiff_t below, ptrdiff_t before, ptrdiff_t after, const T *source, T *target);             \
  void ck_small_##S(                                                                             \
    int isa, const struct ck_small *d, const T *s, const ptrdiff_t *offsets, const T *w,         \
    const T *bias, T *c);                                                                        \
  void ck_small_sums_##S(                                                                        \
    int isa, const struct ck_small *d, const T *s, const ptrdiff_t *offsets, const T *g,         \
    T *lanes);                                                                                   \
  void ck_transpose_##S(                                                                         \
    int isa, ptrdiff_t rows, ptrdiff_t columns, const T *source, ptrdiff_t lds, T *target,       \
    ptrdiff_t ldt);                                                                              \
  void ck_exp_##S(int isa, ptrdiff_t count, const T *x, T *y);                                   \
  void ck_tanh_##S(int isa, ptrdiff_t count, const T *x, T *y);                                  \
  void ck_logistic_##S(int isa, ptrdiff_t count, const T *x, T *y);                              \
  void ck_expm1_##S(int isa, ptrdiff_t count, const T *x, T *y);                                 \
  void ck_erf_##S(int isa, ptrdiff_t count, const T *x, T *y);                                   \
  void ck_softplus_##S(int isa, ptrdiff_t count, const T *x, T *y);

CK_DECLARE(float, f32)
CK_DECLARE(double, f64)

void ck_prefetch(ptrdiff_t rows, ptrdiff_t bytes, const void *source, ptrdiff_t pitch);
void ck_stream_end(void);
