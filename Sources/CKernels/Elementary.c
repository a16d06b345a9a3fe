#include "CKernels.h"

#define INTEGER_float int32_t
#define INTEGER_double int64_t
#define TILES "Elementary.inc"
#include "EachInstructionSet.inc"

#define DEFINE_ONE(function, T, S)                                                               \
  void ck_##function##_##S(int isa, ptrdiff_t count, const T *x, T *y) {                         \
    DISPATCH(isa, function##_each_##S, count, x, y)                                              \
  }
#define DEFINE(T, S)                                                                             \
  DEFINE_ONE(exp, T, S)                                                                          \
  DEFINE_ONE(tanh, T, S)                                                                         \
  DEFINE_ONE(logistic, T, S)                                                                     \
  DEFINE_ONE(expm1, T, S)                                                                        \
  DEFINE_ONE(erf, T, S)                                                                          \
  DEFINE_ONE(softplus, T, S)

DEFINE(float, f32)
DEFINE(double, f64)
