#include "CKernels.h"

#include <stdint.h>
#include <string.h>

#define TILES "Rows.inc"
#include "EachInstructionSet.inc"

#define DEFINE(T, S)                                                                             \
  void ck_copy_rows_##S(                                                                         \
    int isa, ptrdiff_t above, ptrdiff_t rows, ptrdiff_t below, ptrdiff_t before,                 \
    ptrdiff_t count, ptrdiff_t after, const T *source, ptrdiff_t lds, ptrdiff_t stride,          \
    T *target                                                                                    \
  ) {                                                                                            \
    DISPATCH(                                                                                    \
      isa, copy_rows_##S, above, rows, below, before, count, after, source, lds, stride, target) \
  }                                                                                              \
  void ck_move_rows_##S(                                                                         \
    int isa, ptrdiff_t rows, ptrdiff_t count, const T *source, ptrdiff_t lds, T *target,         \
    ptrdiff_t ldt                                                                                \
  ) {                                                                                            \
    DISPATCH(isa, move_rows_##S, rows, count, source, lds, target, ldt)                          \
  }                                                                                              \
  void ck_join_rows_##S(                                                                         \
    int isa, ptrdiff_t segments, const ptrdiff_t *rows, ptrdiff_t skip, ptrdiff_t count,         \
    const T *source, ptrdiff_t lds, T *target                                                    \
  ) {                                                                                            \
    DISPATCH(isa, join_rows_##S, segments, rows, skip, count, source, lds, target)               \
  }                                                                                              \
  void ck_interleave_##S(                                                                        \
    int isa, ptrdiff_t rows, ptrdiff_t count, ptrdiff_t high, ptrdiff_t wide, const T *source,   \
    ptrdiff_t lds, ptrdiff_t between_rows, ptrdiff_t between, T *target, ptrdiff_t ldt           \
  ) {                                                                                            \
    DISPATCH(                                                                                    \
      isa, interleave_##S, rows, count, high, wide, source, lds, between_rows, between, target,  \
      ldt)                                                                                       \
  }

DEFINE(float, f32)
DEFINE(double, f64)
