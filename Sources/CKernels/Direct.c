#include "CKernels.h"

#define TILES "Direct.inc"
#include "EachInstructionSet.inc"

#if defined(__x86_64__)

// Rows that half a vector of AVX-512 holds: two narrow operations take the time of one wide one.
#define SHORT 1
#define BYTES 32
#define TARGET __attribute__((target("avx512f,avx512vl,fma")))
#define T float
#define NAME(x) JOIN(x, f32_short)
#include TILES
#undef T
#undef NAME
#define T double
#define NAME(x) JOIN(x, f64_short)
#include TILES
#undef T
#undef NAME
#undef BYTES
#undef TARGET
#undef SHORT

static int has_short_vectors(void) {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512vl") != 0;
}

// `lanes` is how many lanes of a vector the call would fill.
#define DISPATCH_ROWS(isa, lanes, size, call, ...)                                               \
  if (isa == ck_isa_avx512 && (lanes) * (ptrdiff_t)(size) <= 32 && has_short_vectors())          \
    call##_short(__VA_ARGS__);                                                                   \
  else DISPATCH(isa, call, __VA_ARGS__)

#else
#define DISPATCH_ROWS(isa, lanes, size, call, ...) DISPATCH(isa, call, __VA_ARGS__)
#endif

#define DEFINE(T, S)                                                                             \
  void ck_direct_##S(                                                                            \
    int isa, const struct ck_direct *d, ptrdiff_t first, ptrdiff_t end, const T *s, const T *w,  \
    const T *bias, T *c                                                                          \
  ) {                                                                                            \
    DISPATCH_ROWS(isa, d->columns, sizeof(T), direct_any_##S, d, first, end, s, w, bias, c)      \
  }                                                                                              \
  void ck_spread_##S(                                                                            \
    int isa, const struct ck_direct *d, ptrdiff_t first, ptrdiff_t end, const T *g, const T *w,  \
    const T *bias, T *c                                                                          \
  ) {                                                                                            \
    DISPATCH_ROWS(                                                                               \
      isa, (d->columns + d->before + 1) / 2 - d->before / 2, sizeof(T), spread_any_##S, d,       \
      first, end, g, w, bias, c)                                                                 \
  }                                                                                              \
  void ck_direct_sums_##S(                                                                       \
    int isa, const struct ck_direct *d, const struct ck_part *band, ptrdiff_t first,             \
    ptrdiff_t end, const T *s, const T *g, T *lanes                                              \
  ) {                                                                                            \
    DISPATCH_ROWS(                                                                               \
      isa, band->right - band->left, sizeof(T), direct_sums_any_##S, d, band, first, end, s, g,  \
      lanes)                                                                                     \
  }

DEFINE(float, f32)
DEFINE(double, f64)
