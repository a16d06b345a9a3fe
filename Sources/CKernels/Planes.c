#include "CKernels.h"

#define TILES "Planes.inc"
#include "EachInstructionSet.inc"

#define DEFINE(T, S)                                                                             \
  void ck_plane_##S(                                                                             \
    int isa, ptrdiff_t rows, ptrdiff_t columns, const T *s, ptrdiff_t pitch,                     \
    const ptrdiff_t *offsets, const T *w, ptrdiff_t count, T *c, ptrdiff_t ldc, T bias           \
  ) {                                                                                            \
    DISPATCH(                                                                                    \
      isa, plane_any_##S, rows, columns, s, pitch, offsets, w, count, c, ldc, bias)              \
  }                                                                                              \
  void ck_lane_sums_##S(                                                                         \
    int isa, ptrdiff_t terms, ptrdiff_t rows, ptrdiff_t columns, const T *g, ptrdiff_t ldg,      \
    const T *s, ptrdiff_t pitch, const ptrdiff_t *offsets, T *lanes                              \
  ) {                                                                                            \
    DISPATCH(isa, lanes_any_##S, terms, rows, columns, g, ldg, s, pitch, offsets, lanes)         \
  }                                                                                              \
  void ck_add_lanes_##S(ptrdiff_t terms, const T *lanes, T *c) {                                 \
    typedef T part __attribute__((vector_size(16), aligned(sizeof(T)), may_alias));              \
    for (ptrdiff_t t = 0; t < terms; t++) {                                                      \
      const part *l = (const part *)(lanes + t * (ptrdiff_t)(64 / sizeof(T)));                   \
      part sum = (l[0] + l[2]) + (l[1] + l[3]);                                                  \
      c[t] = PAIRS(sum);                                                                         \
    }                                                                                            \
  }

#define PAIRS(s) ((s[0] + s[2]) + (s[1] + s[3]))
DEFINE(float, f32)
#undef PAIRS
#define PAIRS(s) (s[0] + s[1])
DEFINE(double, f64)
#undef PAIRS
