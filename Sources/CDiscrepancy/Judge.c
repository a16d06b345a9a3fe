#include "CDiscrepancy.h"

// Every machine gets the same numbers: products and sums are rounded one by one.
#pragma STDC FP_CONTRACT OFF

#define JOIN_(a, b) a##_##b
#define JOIN(a, b) JOIN_(a, b)

int cd_isa_best(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
    return cd_isa_avx512;
  if (__builtin_cpu_supports("avx2")) return cd_isa_avx2;
#endif
  return cd_isa_portable;
}

#define TARGET
#define NAME(x, type) JOIN(JOIN(x, type), portable)
#include "Judge.inc"

#if defined(__x86_64__)
#define TARGET __attribute__((target("avx2")))
#define NAME(x, type) JOIN(JOIN(x, type), avx2)
#include "Judge.inc"

#define TARGET __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl")))
#define NAME(x, type) JOIN(JOIN(x, type), avx512)
#include "Judge.inc"

#define DISPATCH(isa, call, ...)                                                                 \
  switch (isa) {                                                                                 \
  case cd_isa_avx512: return call##_avx512(__VA_ARGS__);                                         \
  case cd_isa_avx2: return call##_avx2(__VA_ARGS__);                                             \
  default: return call##_portable(__VA_ARGS__);                                                  \
  }
#else
#define DISPATCH(isa, call, ...) return call##_portable(__VA_ARGS__)
#endif

size_t cd_judge_f32(
  int isa, const struct cd_elements *elements, size_t count, const struct cd_rule *rule,
  const struct cd_maxima *maxima, double magnitude, struct cd_tally *tally, uint64_t *marked
) {
  DISPATCH(isa, judge_f32, elements, count, rule, maxima, magnitude, tally, marked)
}

size_t cd_judge_f64(
  int isa, const struct cd_elements *elements, size_t count, const struct cd_rule *rule,
  const struct cd_maxima *maxima, double magnitude, struct cd_tally *tally, uint64_t *marked
) {
  DISPATCH(isa, judge_f64, elements, count, rule, maxima, magnitude, tally, marked)
}
