// The innermost loop of judging computed numbers: a plain function on pointers and counts.
//
// It counts, and marks the elements whose error may be a new maximum; its caller looks at these one
// by one. New maxima are rare (their number grows with the logarithm of the count), so that nearly
// all elements are done with here.

#pragma once

#include <stddef.h>
#include <stdint.h>

struct cd_maxima;

/// Instruction sets, from the narrowest to the widest; all give the same bits.
enum cd_isa { cd_isa_portable = 0, cd_isa_avx2 = 1, cd_isa_avx512 = 2 };

/// The widest instruction set that this processor has.
int cd_isa_best(void);

/// How many elements are judged together.
enum cd_judged { cd_judged = 64 };

/// What the figures are from which limits follow.
enum cd_figures { cd_figures_none = 0, cd_figures_bounds = 1, cd_figures_magnitudes = 2 };

/// How the limits of an element follow from its figure f and the value v that was computed:
///
///     hard  = figure_factor·f + value_factor·|v| + floor + shift, the floor only where f ≠ 0
///     usual = min(hard, the same with usual_factor)
struct cd_rule {
  enum cd_figures figures;
  double figure_factor, usual_factor, value_factor, floor;
  /// Not 0 where `hard` is a proven bound wherever it is finite.
  int is_proven;
  /// The spacing of numbers from 1 on and the smallest normal number of the reference's format.
  double spacing, smallest;
};

/// What is judged. No alignment is asked for.
struct cd_elements {
  /// What was computed: `float` or `double`.
  const void *ours;
  const double *reference;
  /// Bounds, of which NaN is none, or magnitudes; null where there are no figures.
  const double *figures;
  /// Null where nothing is shifted.
  const double *shifts;
};

/// What was counted.
struct cd_tally {
  /// Elements in which an error could have shown.
  size_t informative;
  /// Errors beyond `hard`, and errors beyond `usual`, which these are too.
  size_t beyond, unusual;
  /// Elements without a proven limit.
  size_t unproven;
  /// The largest finite limit.
  double limit;
};

/// Both judge elements in groups of `cd_judged`, add to `tally` and return how many elements are
/// done with.
///
/// They stop behind a group in which an error may be a new maximum, or the first beyond its limit:
/// `marked` has a bit for each such element, the first of the group lowest. They stop in front of a
/// group that holds what is not finite, or a limit that is NaN or negative, and of the last few
/// elements: then `marked` is 0. `magnitude` is the largest error in multiples of the magnitude.
size_t cd_judge_f32(
  int isa, const struct cd_elements *elements, size_t count, const struct cd_rule *rule,
  const struct cd_maxima *maxima, double magnitude, struct cd_tally *tally, uint64_t *marked);
size_t cd_judge_f64(
  int isa, const struct cd_elements *elements, size_t count, const struct cd_rule *rule,
  const struct cd_maxima *maxima, double magnitude, struct cd_tally *tally, uint64_t *marked);
