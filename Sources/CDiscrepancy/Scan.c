#include "CDiscrepancy.h"

// Every machine gets the same numbers: products and sums are rounded one by one.
#pragma STDC FP_CONTRACT OFF

#if defined(__x86_64__) && defined(__ELF__)
#define CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CLONES
#endif
#define INLINE static inline __attribute__((always_inline))

enum { cd_group = 64 };

/// The spacing of numbers at x ≥ 0: the exponent bits alone are the power of two.
INLINE double cd_ulp(double x, double smallest, double spacing) {
  double m = x > smallest ? x : smallest;
  uint64_t bits;
  __builtin_memcpy(&bits, &m, sizeof bits);
  bits &= 0x7FF0000000000000u;
  __builtin_memcpy(&m, &bits, sizeof bits);
  return m * spacing;
}

INLINE double cd_abs(double x) {
  uint64_t bits;
  __builtin_memcpy(&bits, &x, sizeof bits);
  bits &= 0x7FFFFFFFFFFFFFFFu;
  __builtin_memcpy(&x, &bits, sizeof bits);
  return x;
}

/// 1 where x > y ≥ 0, neither of them NaN: their bits are in the order of the numbers.
INLINE uint64_t cd_exceeds(double x, double y) {
  uint64_t a, b;
  __builtin_memcpy(&a, &x, sizeof a);
  __builtin_memcpy(&b, &y, sizeof b);
  return (b - a) >> 63;
}

/// The smaller one; `x` where `y` is NaN, as infinity times zero is.
INLINE double cd_least(double x, double y) { return y < x ? y : x; }

/// Whether a group of pairs of finite numbers has a new maximum; counts errors beyond the limit.
///
/// `is_zero` tells that every limit is zero, and `in_ulps` that a part of it is in units.
INLINE int cd_judge(
  const double *x, const double *y, const struct cd_limit *l, const struct cd_maxima *m,
  int is_zero, int in_ulps, size_t *beyond_count
) {
  const double absolute = l->absolute, relative = l->relative, ulps = l->ulps;
  const double inflation = l->inflation, spacing = l->spacing, smallest = l->smallest;
  const double max_absolute = is_zero ? cd_least(m->absolute, m->unlimited) : m->absolute;
  const double max_relative = m->relative, max_ulps = m->ulps;
  const double max_ratio = m->ratio, max_unlimited = m->unlimited;
  uint64_t excess = 0, beyond = 0;
  for (int k = 0; k < cd_group; k++) {
    double ay = cd_abs(y[k]), error = cd_abs(x[k] - y[k]);
    // An error that is above any of these is a maximum of its sort.
    double level = cd_least(max_absolute, max_relative * ay);
    level = cd_least(level, max_ulps * cd_ulp(ay, smallest, spacing));
    double limit = 0;
    if (!is_zero) {
      limit = absolute + relative * ay;
      if (in_ulps)
        limit += ulps * cd_ulp(cd_least(ay, cd_abs(x[k]) + inflation), smallest, spacing);
      level = cd_least(level, limit == 0 ? max_unlimited : max_ratio * limit);
    }
    beyond += cd_exceeds(error, limit);
    excess |= cd_exceeds(error, level);
  }
  *beyond_count = (size_t)beyond;
  return excess != 0 || (m->stops_beyond && beyond != 0);
}

#define CD_SCAN(NAME, T, U, EXPONENT)                                                            \
  CLONES size_t NAME(                                                                            \
    const void *a, const void *b, size_t count, const struct cd_limit *limit,                    \
    const struct cd_maxima *maxima, struct cd_counts *counts                                     \
  ) {                                                                                            \
    size_t done = 0, informative = 0, beyond = 0;                                                \
    for (; done + cd_group <= count; done += cd_group) {                                         \
      U p[cd_group], q[cd_group];                                                                \
      __builtin_memcpy(p, (const char *)a + done * sizeof(U), sizeof p);                         \
      __builtin_memcpy(q, (const char *)b + done * sizeof(U), sizeof q);                         \
      U difference = 0, special = 0, live = 0;                                                   \
      for (int k = 0; k < cd_group; k++) {                                                       \
        difference |= p[k] ^ q[k];                                                               \
        special |= (U)((p[k] & EXPONENT) == EXPONENT) | (U)((q[k] & EXPONENT) == EXPONENT);      \
        live += (U)((U)((p[k] | q[k]) << 1) != 0);                                               \
        special |= (U)((U)((p[k] | q[k]) << 1) == 0) & (U)(p[k] != q[k]);                        \
      }                                                                                          \
      if (special) break;                                                                        \
      if (difference) {                                                                          \
        double x[cd_group], y[cd_group];                                                         \
        for (int k = 0; k < cd_group; k++) {                                                     \
          T s, t;                                                                                \
          __builtin_memcpy(&s, &p[k], sizeof s);                                                 \
          __builtin_memcpy(&t, &q[k], sizeof t);                                                 \
          x[k] = s;                                                                              \
          y[k] = t;                                                                              \
        }                                                                                        \
        size_t more = 0;                                                                         \
        if (limit->ulps != 0 ? cd_judge(x, y, limit, maxima, 0, 1, &more)                        \
            : limit->absolute != 0 || limit->relative != 0                                       \
              ? cd_judge(x, y, limit, maxima, 0, 0, &more)                                       \
              : cd_judge(x, y, limit, maxima, 1, 0, &more))                                      \
          break;                                                                                 \
        beyond += more;                                                                          \
      }                                                                                          \
      informative += live;                                                                       \
    }                                                                                            \
    counts->informative += informative;                                                          \
    counts->beyond += beyond;                                                                    \
    return done;                                                                                 \
  }

CD_SCAN(cd_scan_f32, float, uint32_t, 0x7F800000u)
CD_SCAN(cd_scan_f64, double, uint64_t, 0x7FF0000000000000u)
