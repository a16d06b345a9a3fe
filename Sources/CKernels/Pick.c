#include "CKernels.h"

typedef float f32x4 __attribute__((vector_size(16), aligned(4), may_alias));
typedef double f64x2 __attribute__((vector_size(16), aligned(8), may_alias));

void ck_pick_f32(ptrdiff_t count, const float *source, ptrdiff_t stride, float *target) {
  ptrdiff_t x = 0;
  // The last element that is read must be one that is picked: source[2·(count − 1)].
  if (stride == 2) {
    for (; x + 5 <= count; x += 4) {
      f32x4 a = *(const f32x4 *)(source + 2 * x), b = *(const f32x4 *)(source + 2 * x + 4);
      *(f32x4 *)(target + x) = __builtin_shufflevector(a, b, 0, 2, 4, 6);
    }
    if (count >= 4) {
      /* The last four, of which some may be there already. */
      const float *end = source + 2 * (count - 4);
      f32x4 a = *(const f32x4 *)end, b = *(const f32x4 *)(end + 3);
      *(f32x4 *)(target + count - 4) = __builtin_shufflevector(a, b, 0, 2, 5, 7);
      return;
    }
  }
  for (; x < count; x++) target[x] = source[x * stride];
}

void ck_pick_f64(ptrdiff_t count, const double *source, ptrdiff_t stride, double *target) {
  ptrdiff_t x = 0;
  if (stride == 2)
    for (; x + 3 <= count; x += 2) {
      f64x2 a = *(const f64x2 *)(source + 2 * x), b = *(const f64x2 *)(source + 2 * x + 2);
      *(f64x2 *)(target + x) = __builtin_shufflevector(a, b, 0, 2);
    }
  for (; x < count; x++) target[x] = source[x * stride];
}
