#include "CKernels.h"

#define TILES "Runs.inc"
#include "EachInstructionSet.inc"

#define DEFINE(T, S)                                                                             \
  void ck_gather_##S(                                                                            \
    int isa, ptrdiff_t count, const struct ck_run *runs, const T *source, T *target              \
  ) {                                                                                            \
    DISPATCH(isa, gather_##S, count, runs, source, target)                                       \
  }                                                                                              \
  int ck_all_finite_##S(int isa, ptrdiff_t count, const T *values) {                             \
    enum { group = 128 / sizeof(T) };                                                            \
    ptrdiff_t whole = count / group * group;                                                     \
    int finite = 0;                                                                              \
    DISPATCH(isa, finite = all_finite_##S, whole, values)                                        \
    for (ptrdiff_t i = whole; i < count; i++) finite &= values[i] * (T)0 == 0;                   \
    return finite;                                                                               \
  }

DEFINE(float, f32)
DEFINE(double, f64)
