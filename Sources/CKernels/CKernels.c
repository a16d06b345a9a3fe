#include "CKernels.h"

#define UNROLL _Pragma("clang loop unroll(full)")
#define JOIN_(a, b) a##_##b
#define JOIN(a, b) JOIN_(a, b)

#define ROWS_4(X, V) X(1, V) X(2, V) X(3, V) X(4, V)
#define ROWS_6(X, V) ROWS_4(X, V) X(5, V) X(6, V)
#define ROWS_12(X, V) ROWS_6(X, V) X(7, V) X(8, V) X(9, V) X(10, V) X(11, V) X(12, V)
#define ROWS_14(X, V) ROWS_12(X, V) X(13, V) X(14, V)
#define DOTS_CASES(X)                                                                            \
  ROWS_6(X, 1) X(7, 1) X(8, 1) ROWS_6(X, 2) X(7, 2) X(8, 2)

#define OVERLAP_CASES(X)                                                                         \
  ROWS_4(X, 1) ROWS_4(X, 2) ROWS_4(X, 3) ROWS_4(X, 4) ROWS_4(X, 5) ROWS_4(X, 6)

// Any processor: vectors of 16 bytes; where there is no fused instruction, `fma` of the C library.
#define PRODUCT_CASES(X) ROWS_4(X, 1) ROWS_4(X, 2)
#define CORRELATE_CASES(X) ROWS_4(X, 1) ROWS_4(X, 2)
#define TARGET
#define BYTES 16
#define T float
#define FMA __builtin_fmaf
#define NAME(x) JOIN(x, f32_portable)
#include "Tiles.inc"
#define T double
#define FMA __builtin_fma
#define NAME(x) JOIN(x, f64_portable)
#include "Tiles.inc"
#undef PRODUCT_CASES
#undef CORRELATE_CASES
#undef TARGET
#undef BYTES

#if defined(__x86_64__)

// 16 registers: 12 sums, 2 vectors of b, 1 factor.
#define PRODUCT_CASES(X)                                                                         \
  ROWS_6(X, 1) ROWS_6(X, 2) X(1, 4) X(2, 4)
#define CORRELATE_CASES(X) ROWS_6(X, 1) ROWS_6(X, 2)
#define TARGET __attribute__((target("avx2,fma")))
#define BYTES 32
#define T float
#define FMA __builtin_fmaf
#define NAME(x) JOIN(x, f32_avx2)
#include "Tiles.inc"
#define T double
#define FMA __builtin_fma
#define NAME(x) JOIN(x, f64_avx2)
#include "Tiles.inc"
#undef PRODUCT_CASES
#undef CORRELATE_CASES
#undef TARGET
#undef BYTES

// 32 registers: 28 sums, 2 vectors of b, 1 factor.
#define PRODUCT_CASES(X)                                                                         \
  ROWS_14(X, 1) ROWS_14(X, 2) ROWS_6(X, 4)
#define CORRELATE_CASES(X) ROWS_12(X, 1) ROWS_12(X, 2)
#define TARGET __attribute__((target("avx512f,fma")))
#define BYTES 64
#define T float
#define FMA __builtin_fmaf
#define NAME(x) JOIN(x, f32_avx512)
#include "Tiles.inc"
#define T double
#define FMA __builtin_fma
#define NAME(x) JOIN(x, f64_avx512)
#include "Tiles.inc"

#define DISPATCH(isa, call, ...)                                                                 \
  switch (isa) {                                                                                 \
  case ck_isa_avx512: call##_avx512(__VA_ARGS__); break;                                         \
  case ck_isa_avx2: call##_avx2(__VA_ARGS__); break;                                             \
  default: call##_portable(__VA_ARGS__);                                                         \
  }

int ck_isa_best(void) {
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f")) return ck_isa_avx512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return ck_isa_avx2;
  return ck_isa_portable;
}

#else

#define DISPATCH(isa, call, ...) call##_portable(__VA_ARGS__)

int ck_isa_best(void) { return ck_isa_portable; }

#endif

int ck_lanes(int isa, size_t size) { return (int)(((size_t)16 << isa) / size); }

int ck_tile_rows(int isa, int vectors) {
  static const int rows[3][3] = {{4, 4, 0}, {6, 6, 2}, {14, 14, 6}};
  return rows[isa][vectors >= 4 ? 2 : vectors - 1];
}

int ck_correlate_rows(int isa) { return isa == ck_isa_portable ? 4 : isa == ck_isa_avx2 ? 6 : 12; }

#define DEFINE(T, S)                                                                             \
  void ck_product_##S(                                                                           \
    int isa, int rows, int vectors, const T *a, const T *b, const ptrdiff_t *offsets,            \
    ptrdiff_t count, T *c, ptrdiff_t ldc, int columns, int accumulate, const T *bias             \
  ) {                                                                                            \
    DISPATCH(                                                                                    \
      isa, product_any_##S, rows, vectors, a, b, offsets, count, c, ldc, columns, accumulate,    \
      bias)                                                                                      \
  }                                                                                              \
  void ck_correlate_##S(                                                                         \
    int isa, int rows, int vectors, const T *s, const ptrdiff_t *offsets,                        \
    const ptrdiff_t *lines, ptrdiff_t line_count, ptrdiff_t length, const T *g, T *c,            \
    ptrdiff_t ldc, int columns, int accumulate                                                   \
  ) {                                                                                            \
    DISPATCH(                                                                                    \
      isa, correlate_any_##S, rows, vectors, s, offsets, lines, line_count, length, g, c, ldc,   \
      columns, accumulate)                                                                       \
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
