#include "CKernels.h"

#define TILES "Transpose.inc"
#include "EachInstructionSet.inc"

// Whole vectors as far as they go, then what is left of the rows in parts of 16 bytes.
#define DEFINE(T, S)                                                                             \
  void ck_transpose_##S(                                                                         \
    int isa, ptrdiff_t rows, ptrdiff_t columns, const T *source, ptrdiff_t lds, T *target,       \
    ptrdiff_t ldt                                                                                \
  ) {                                                                                            \
    ptrdiff_t whole = rows / ck_lanes(isa, sizeof(T)) * ck_lanes(isa, sizeof(T));                \
    DISPATCH(isa, transpose_##S, whole, columns, source, lds, target, ldt)                       \
    if (whole == rows) return;                                                                   \
    transpose_##S##_portable(                                                                    \
      rows - whole, columns, source + whole * lds, lds, target + whole, ldt);                    \
  }

DEFINE(float, f32)
DEFINE(double, f64)
