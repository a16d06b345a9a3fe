#include "CKernels.h"

#define TILES "Transpose.inc"
#include "EachInstructionSet.inc"

#define ZIP(T, S, LOW, HIGH)                                                                     \
  typedef T S##_part __attribute__((vector_size(16)));                                           \
  static inline void zip_##S(ptrdiff_t count, const T *even, const T *odd, T *target) {          \
    enum { lanes = 16 / sizeof(T) };                                                             \
    ptrdiff_t x = 0;                                                                             \
    for (; x + lanes <= count; x += lanes) {                                                     \
      S##_part a, b;                                                                             \
      __builtin_memcpy(&a, even + x, 16), __builtin_memcpy(&b, odd + x, 16);                     \
      S##_part low = __builtin_shufflevector(a, b, LOW);                                         \
      S##_part high = __builtin_shufflevector(a, b, HIGH);                                       \
      __builtin_memcpy(target + 2 * x, &low, 16);                                                \
      __builtin_memcpy(target + 2 * x + lanes, &high, 16);                                       \
    }                                                                                            \
    for (; x < count; x++) target[2 * x] = even[x], target[2 * x + 1] = odd[x];                  \
  }
#define COMMA ,
ZIP(float, f32, 0 COMMA 4 COMMA 1 COMMA 5, 2 COMMA 6 COMMA 3 COMMA 7)
ZIP(double, f64, 0 COMMA 2, 1 COMMA 3)

// Whole vectors as far as they go, then what is left of the rows in parts of 16 bytes.
// Two rows without a gap are interleaved.
#define DEFINE(T, S)                                                                             \
  void ck_transpose_##S(                                                                         \
    int isa, ptrdiff_t rows, ptrdiff_t columns, const T *source, ptrdiff_t lds, T *target,       \
    ptrdiff_t ldt                                                                                \
  ) {                                                                                            \
    if (rows == 2 && ldt == 2) {                                                                 \
      zip_##S(columns, source, source + lds, target);                                            \
      return;                                                                                    \
    }                                                                                            \
    ptrdiff_t whole = rows / ck_lanes(isa, sizeof(T)) * ck_lanes(isa, sizeof(T));                \
    DISPATCH(isa, transpose_##S, whole, columns, source, lds, target, ldt)                       \
    if (whole == rows) return;                                                                   \
    transpose_##S##_portable(                                                                    \
      rows - whole, columns, source + whole * lds, lds, target + whole, ldt);                    \
  }

DEFINE(float, f32)
DEFINE(double, f64)
