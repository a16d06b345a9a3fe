#include "CKernels.h"

#include <string.h>

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
  }                                                                                              \
  static inline T *zeros_##S(T *target, ptrdiff_t count) {                                       \
    enum { four = 16 / sizeof(T) };                                                              \
    for (; count >= four; count -= four, target += four) memset(target, 0, 16);                  \
    for (; count > 0; count--) *target++ = 0;                                                    \
    return target;                                                                               \
  }                                                                                              \
  void ck_copy_rows_##S(                                                                         \
    ptrdiff_t above, ptrdiff_t rows, ptrdiff_t below, ptrdiff_t before, ptrdiff_t count,         \
    ptrdiff_t after, const T *source, ptrdiff_t lds, ptrdiff_t stride, T *target                 \
  ) {                                                                                            \
    enum { four = 16 / sizeof(T) };                                                              \
    ptrdiff_t width = before + count + after;                                                    \
    target = zeros_##S(target, above * width);                                                   \
    for (ptrdiff_t r = 0; r < rows; r++, source += lds) {                                        \
      for (ptrdiff_t x = 0; x < before; x++) *target++ = 0;                                      \
      if (stride != 1) ck_pick_##S(count, source, stride, target);                               \
      else if (count > 16 * four) memcpy(target, source, (size_t)count * sizeof(T));             \
      else {                                                                                     \
        ptrdiff_t x = 0;                                                                         \
        for (; x + four <= count; x += four) memcpy(target + x, source + x, 16);                 \
        if (count >= four) memcpy(target + count - four, source + count - four, 16);             \
        else for (; x < count; x++) target[x] = source[x];                                       \
      }                                                                                          \
      target += count;                                                                           \
      for (ptrdiff_t x = 0; x < after; x++) *target++ = 0;                                       \
    }                                                                                            \
    zeros_##S(target, below * width);                                                            \
  }

#define PAIRS(s) ((s[0] + s[2]) + (s[1] + s[3]))
DEFINE(float, f32)
#undef PAIRS
#define PAIRS(s) (s[0] + s[1])
DEFINE(double, f64)
#undef PAIRS
