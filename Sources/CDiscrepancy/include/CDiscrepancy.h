// The innermost loop of comparing two runs of numbers: a plain function on pointers and counts.
//
// It counts, and stops where a closer look is needed: at what is not finite, at a zero whose sign
// differs, and at an error that is a new maximum. New maxima are rare (their number grows with the
// logarithm of the count), so that nearly all elements are done with here. Judge.h has that of
// judging computed numbers.

#pragma once

#include <stddef.h>
#include <stdint.h>

#include "Judge.h"

/// The largest error of an element that is accepted:
///
///     absolute + relative·|b| + ulps·ulp(m),   m = min(|b|, |a| + inflation)
///
/// ulp(x) is the largest power of two that is not above max(|x|, smallest), times `spacing`.
struct cd_limit {
  double absolute, relative, ulps;
  /// 0 where the smaller of both numbers counts, infinity where it is b.
  double inflation;
  double spacing, smallest;
  /// Not 0 where both sides hold numbers of one format.
  int same_format;
};

/// The largest errors so far.
struct cd_maxima {
  double absolute, relative, ulps;
  /// As a multiple of the limit.
  double ratio;
  /// Among elements whose limit is zero.
  double unlimited;
  /// Not 0 to stop at the first error beyond its limit.
  int stops_beyond;
};

/// What was counted.
struct cd_counts {
  /// Elements that are not zero on both sides.
  size_t informative;
  /// Errors beyond their limits.
  size_t beyond;
};

/// Both add to `counts` and return how many elements are done with: all but the last few, or those
/// before a group that needs a closer look. No alignment is asked for.
size_t cd_scan_f32(
  const void *a, const void *b, size_t count, const struct cd_limit *limit,
  const struct cd_maxima *maxima, struct cd_counts *counts);
size_t cd_scan_f64(
  const void *a, const void *b, size_t count, const struct cd_limit *limit,
  const struct cd_maxima *maxima, struct cd_counts *counts);
