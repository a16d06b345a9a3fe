#include "CKernels.h"

// Squares of 4 × 4 (float) and 2 × 2 (double) numbers in vectors of 16 bytes, which every
// processor has; what does not fill a square is moved one by one.

typedef float f32x4 __attribute__((vector_size(16)));
typedef float f32x4_loose __attribute__((vector_size(16), aligned(4), may_alias));
typedef double f64x2 __attribute__((vector_size(16)));
typedef double f64x2_loose __attribute__((vector_size(16), aligned(8), may_alias));

void ck_transpose_f32(
  ptrdiff_t rows, ptrdiff_t columns, const float *source, ptrdiff_t lds, float *target,
  ptrdiff_t ldt
) {
  ptrdiff_t whole_rows = rows & ~(ptrdiff_t)3, whole_columns = columns & ~(ptrdiff_t)3;
  for (ptrdiff_t x = 0; x < whole_columns; x += 4)
    for (ptrdiff_t r = 0; r < whole_rows; r += 4) {
      const float *s = source + r * lds + x;
      f32x4 a = *(const f32x4_loose *)s, b = *(const f32x4_loose *)(s + lds);
      f32x4 c = *(const f32x4_loose *)(s + 2 * lds), d = *(const f32x4_loose *)(s + 3 * lds);
      f32x4 ab_low = __builtin_shufflevector(a, b, 0, 4, 1, 5);
      f32x4 ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
      f32x4 cd_low = __builtin_shufflevector(c, d, 0, 4, 1, 5);
      f32x4 cd_high = __builtin_shufflevector(c, d, 2, 6, 3, 7);
      float *t = target + x * ldt + r;
      *(f32x4_loose *)t = __builtin_shufflevector(ab_low, cd_low, 0, 1, 4, 5);
      *(f32x4_loose *)(t + ldt) = __builtin_shufflevector(ab_low, cd_low, 2, 3, 6, 7);
      *(f32x4_loose *)(t + 2 * ldt) = __builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5);
      *(f32x4_loose *)(t + 3 * ldt) = __builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7);
    }
  for (ptrdiff_t x = 0; x < columns; x++)
    for (ptrdiff_t r = x < whole_columns ? whole_rows : 0; r < rows; r++)
      target[x * ldt + r] = source[r * lds + x];
}

void ck_transpose_f64(
  ptrdiff_t rows, ptrdiff_t columns, const double *source, ptrdiff_t lds, double *target,
  ptrdiff_t ldt
) {
  ptrdiff_t whole_rows = rows & ~(ptrdiff_t)1, whole_columns = columns & ~(ptrdiff_t)1;
  for (ptrdiff_t x = 0; x < whole_columns; x += 2)
    for (ptrdiff_t r = 0; r < whole_rows; r += 2) {
      const double *s = source + r * lds + x;
      f64x2 a = *(const f64x2_loose *)s, b = *(const f64x2_loose *)(s + lds);
      double *t = target + x * ldt + r;
      *(f64x2_loose *)t = __builtin_shufflevector(a, b, 0, 2);
      *(f64x2_loose *)(t + ldt) = __builtin_shufflevector(a, b, 1, 3);
    }
  for (ptrdiff_t x = 0; x < columns; x++)
    for (ptrdiff_t r = x < whole_columns ? whole_rows : 0; r < rows; r++)
      target[x * ldt + r] = source[r * lds + x];
}
