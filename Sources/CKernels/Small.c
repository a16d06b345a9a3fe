#include "CKernels.h"

#define TILES "Small.inc"
#include "EachInstructionSet.inc"

#define DEFINE(T, S)                                                                             \
  void ck_small_copy_##S(                                                                        \
    int isa, ptrdiff_t planes, ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t above,               \
    ptrdiff_t below, ptrdiff_t before, ptrdiff_t after, const T *source, T *target               \
  ) {                                                                                            \
    DISPATCH(                                                                                    \
      isa, small_copy_##S, planes, rows, columns, above, below, before, after, source, target)   \
  }                                                                                              \
  void ck_small_##S(                                                                             \
    int isa, const struct ck_small *d, const T *s, const ptrdiff_t *offsets, const T *w,         \
    const T *bias, T *c                                                                          \
  ) {                                                                                            \
    DISPATCH(isa, small_##S, d, s, offsets, w, bias, c)                                          \
  }                                                                                              \
  void ck_small_sums_##S(                                                                        \
    int isa, const struct ck_small *d, const T *s, const ptrdiff_t *offsets, const T *g,         \
    T *lanes                                                                                     \
  ) {                                                                                            \
    DISPATCH(isa, small_sums_##S, d, s, offsets, g, lanes)                                       \
  }

DEFINE(float, f32)
DEFINE(double, f64)
