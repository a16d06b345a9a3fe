#include "CKernels.h"

#include <stdint.h>

#define TILES "Filters.inc"
#include "EachInstructionSet.inc"

#define DEFINE(T, S)                                                                             \
  void ck_filters_##S(                                                                           \
    int isa, int rows, int vectors, const T *s, const ptrdiff_t *places,                         \
    const ptrdiff_t *offsets, ptrdiff_t count, const T *w, ptrdiff_t ldw, T *c, ptrdiff_t ldc,   \
    const T *sums, ptrdiff_t lds                                                                                \
  ) {                                                                                            \
    DISPATCH(                                                                                    \
      isa, filters_any_##S, rows, vectors, s, places, offsets, count, w, ldw, c, ldc, sums, lds) \
  }

DEFINE(float, f32)
DEFINE(double, f64)
