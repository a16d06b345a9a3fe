#include "CKernels.h"

#include <stdint.h>

#define TILES "Tiles.inc"
#include "EachInstructionSet.inc"

int ck_isa_best(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f")) return ck_isa_avx512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return ck_isa_avx2;
#endif
  return ck_isa_portable;
}

int ck_lanes(int isa, size_t size) { return (int)(((size_t)16 << isa) / size); }

int ck_tile_rows(int isa, int vectors) {
  static const int rows[3][3] = {{4, 4, 0}, {6, 6, 2}, {14, 14, 6}};
  return rows[isa][vectors >= 4 ? 2 : vectors - 1];
}

int ck_correlate_rows(int isa) { return isa == ck_isa_portable ? 4 : isa == ck_isa_avx2 ? 6 : 12; }

#define DEFINE(T, S)                                                                             \
  void ck_product_##S(                                                                           \
    int isa, int rows, int vectors, const T *a, const T *b, const ptrdiff_t *offsets,            \
    const ptrdiff_t *terms, ptrdiff_t count, T *c, ptrdiff_t ldc, int columns, const T *sums,    \
    ptrdiff_t lds, int streams, const T *bias                                                    \
  ) {                                                                                            \
    DISPATCH(                                                                                    \
      isa, product_any_##S, rows, vectors, a, b, offsets, terms, count, c, ldc, columns, sums,   \
      lds, streams, bias)                                                                        \
  }                                                                                              \
  void ck_correlate_##S(                                                                         \
    int isa, int rows, int vectors, const T *s, const ptrdiff_t *offsets,                        \
    const ptrdiff_t *lines, const ptrdiff_t *starts, ptrdiff_t line_count, ptrdiff_t length,     \
    const T *g, T *c, const ptrdiff_t *places, int columns, int accumulate                       \
  ) {                                                                                            \
    DISPATCH(                                                                                    \
      isa, correlate_any_##S, rows, vectors, s, offsets, lines, starts, line_count, length, g,   \
      c, places, columns, accumulate)                                                            \
  }                                                                                              \
  void ck_dots_##S(                                                                              \
    int isa, int rows, int columns, const T *a, ptrdiff_t lda, const T *b, ptrdiff_t ldb,        \
    ptrdiff_t count, T *c, ptrdiff_t ldc                                                         \
  ) {                                                                                            \
    DISPATCH(isa, dots_any_##S, rows, columns, a, lda, b, ldb, count, c, ldc)                    \
  }                                                                                              \
  void ck_overlap_##S(                                                                           \
    int isa, int rows, int terms, const T *g, ptrdiff_t ldg, const T *s,                         \
    const ptrdiff_t *offsets, const ptrdiff_t *lines, ptrdiff_t line_count, ptrdiff_t length,    \
    T *c, ptrdiff_t ldc, int accumulate                                                          \
  ) {                                                                                            \
    DISPATCH(                                                                                    \
      isa, overlap_any_##S, rows, terms, g, ldg, s, offsets, lines, line_count, length, c, ldc,  \
      accumulate)                                                                                \
  }

DEFINE(float, f32)
DEFINE(double, f64)
