#include "CDiscrepancy.h"

// Every machine gets the same numbers: products and sums are rounded one by one.
#pragma STDC FP_CONTRACT OFF

#if defined(__x86_64__) && defined(__ELF__)
#define CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CLONES
#endif
#define INLINE static inline __attribute__((always_inline))

enum { cd_group = 64, cd_block = 256 };

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

/// What an error in float32 arithmetic must exceed before its group is judged in float64.
///
///     T = max(0, min(absolute, relative·|b| − r, units·2^⌊log₂ m⌋ − u, l + limit_relative·|b|))
///
/// T is never above the level of `cd_judge` where the error is exact. Where a − b is inexact,
/// |a − b| ≥ |b|/2 (Sterbenz), which exceeds T for units < 1/4; otherwise T is taken a little lower.
struct cd_threshold {
  float absolute, relative, relative_shift, units, units_shift, limit, limit_relative;
  float smallest;
};

/// The largest float32 that is not above x ≥ 0.
INLINE float cd_below(double x) {
  if (!(x < 0x1.fffffep127)) return 0x1.fffffep127f;
  float y = (float)x;
  if ((double)y <= x) return y;
  uint32_t bits;
  __builtin_memcpy(&bits, &y, sizeof bits);
  bits -= 1;
  __builtin_memcpy(&y, &bits, sizeof bits);
  return y;
}

INLINE struct cd_threshold cd_threshold_of(const struct cd_limit *l, const struct cd_maxima *m) {
  // Products that underflow are off by less than this, those of normal numbers by 2⁻²⁴ of them.
  const float underflow = 0x1p-126f, infinite = __builtin_inff();
  const double lower = 1 - 0x1p-20;
  const int has_units = l->ulps != 0, has_part = l->absolute != 0 || l->relative != 0;
  double share = m->ratio < 1 ? m->ratio : 1;
  double units = m->ulps;
  if (has_units && !has_part && share * l->ulps < units) units = share * l->ulps;
  units *= l->spacing;
  double scale = l->same_format && units < 0.25 ? 1 : lower;
  double absolute = m->absolute;
  if (!has_units && !has_part && m->unlimited < absolute) absolute = m->unlimited;
  struct cd_threshold t;
  t.absolute = cd_below(scale * absolute);
  t.units = cd_below(scale * units);
  t.units_shift = -underflow;
  // Where the largest relative error is infinite, no other exceeds it.
  const int is_bounded = m->relative < __builtin_inf();
  t.relative = is_bounded ? cd_below(lower * m->relative) : 0;
  t.relative_shift = is_bounded ? -underflow : infinite;
  t.limit = has_part ? cd_below(lower * share * l->absolute) - underflow : infinite;
  t.limit_relative = has_part ? cd_below(lower * share * l->relative) : 0;
  t.smallest = (float)l->smallest;
  return t;
}

/// Whether a block holds only finite numbers and no error of it can be a new maximum or beyond a
/// limit that is not zero; counts the pairs that differ, and those that are not both zero.
///
/// `has_part` tells that a part of the limit is in proportion to b or fixed, `has_least` that the
/// smaller of both numbers counts.
INLINE int cd_is_settled(
  const void *a, const void *b, const struct cd_threshold *t, int has_part, int has_least,
  size_t *differing, size_t *live
) {
  const float absolute = t->absolute, relative = t->relative, r = t->relative_shift;
  const float units = t->units, u = t->units_shift;
  const float limit = t->limit, limit_relative = t->limit_relative;
  const float smallest = t->smallest;
  uint32_t trouble = 0, unequal = 0, nonzero = 0;
  for (int k = 0; k < cd_block; k++) {
    uint32_t p, q, bits;
    float x, y;
    __builtin_memcpy(&p, (const char *)a + k * sizeof p, sizeof p);
    __builtin_memcpy(&q, (const char *)b + k * sizeof q, sizeof q);
    __builtin_memcpy(&x, &p, sizeof x);
    __builtin_memcpy(&y, &q, sizeof y);
    float ax = __builtin_fabsf(x), ay = __builtin_fabsf(y);
    float power = has_least && ax < ay ? ax : ay;
    power = power > smallest ? power : smallest;
    __builtin_memcpy(&bits, &power, sizeof bits);
    bits &= 0x7F800000u;
    __builtin_memcpy(&power, &bits, sizeof bits);
    float first = relative * ay + r, second = units * power + u;
    float level = first < second ? first : second;
    if (has_part) {
      float third = limit_relative * ay + limit;
      level = third < level ? third : level;
    }
    level = absolute < level ? absolute : level;
    level = level > 0 ? level : 0;
    float error = __builtin_fabsf(x - y);
    // What is not finite leaves an error that is infinite or NaN: not below infinity.
    trouble |= !(error <= level) | ((p != q) & !(error > 0));
    unequal += p != q;
    nonzero += (uint32_t)((p | q) << 1) != 0;
  }
  *differing = unequal;
  *live = nonzero;
  return !trouble;
}

#define JOIN(a, b) a##b

#define NAME(x) JOIN(x, _f32)
#define T float
#define U uint32_t
#define EXPONENT 0x7F800000u
#include "Scan.inc"

#define NAME(x) JOIN(x, _f64)
#define T double
#define U uint64_t
#define EXPONENT 0x7FF0000000000000u
#include "Scan.inc"
