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
// Two rows, number by number.
#define COMMA ,
ZIP(float, f32, 0 COMMA 4 COMMA 1 COMMA 5, 2 COMMA 6 COMMA 3 COMMA 7)
ZIP(double, f64, 0 COMMA 2, 1 COMMA 3)

#if defined(__x86_64__)
// What whole squares leave over: of the narrower vectors, with masks where they are filled well.
#define REST(isa, S, rows, columns, source, lds, target, ldt)                                    \
  if (isa == ck_isa_avx512 && (rows) <= lanes && (rows) > lanes / 2)                             \
    transpose_part_##S##_avx512(rows, columns, source, lds, target, ldt);                        \
  else if (isa > ck_isa_portable)                                                                \
    ck_transpose_##S(isa - 1, rows, columns, source, lds, target, ldt);                          \
  else rest_##S(rows, columns, source, lds, target, ldt)
#else
#define REST(isa, S, rows, columns, source, lds, target, ldt)                                    \
  rest_##S(rows, columns, source, lds, target, ldt)
#endif

// At last in parts of 16 bytes, and one by one.
#define DEFINE(T, S)                                                                             \
  static void rest_##S(                                                                          \
    ptrdiff_t rows, ptrdiff_t columns, const T *source, ptrdiff_t lds, T *target, ptrdiff_t ldt  \
  ) {                                                                                            \
    enum { side = 16 / sizeof(T) };                                                              \
    ptrdiff_t r_end = rows / side * side, x_end = columns / side * side;                         \
    transpose_##S##_portable(r_end, x_end, source, lds, target, ldt);                            \
    for (ptrdiff_t x = 0; x < columns; x++)                                                      \
      for (ptrdiff_t r = x < x_end ? r_end : 0; r < rows; r++)                                   \
        target[x * ldt + r] = source[r * lds + x];                                               \
  }                                                                                              \
  void ck_transpose_##S(                                                                         \
    int isa, ptrdiff_t rows, ptrdiff_t columns, const T *source, ptrdiff_t lds, T *target,       \
    ptrdiff_t ldt                                                                                \
  ) {                                                                                            \
    if (rows == 2 && ldt == 2) { /* without a gap: interleaved */                                \
      zip_##S(columns, source, source + lds, target);                                            \
      return;                                                                                    \
    }                                                                                            \
    ptrdiff_t lanes = ck_lanes(isa, sizeof(T));                                                  \
    ptrdiff_t r_end = rows / lanes * lanes, x_end = columns / lanes * lanes;                     \
    DISPATCH(isa, transpose_##S, r_end, x_end, source, lds, target, ldt)                         \
    if (r_end > 0 && x_end < columns) {                                                          \
      REST(isa, S, r_end, columns - x_end, source + x_end, lds, target + x_end * ldt, ldt);      \
    }                                                                                            \
    if (r_end < rows) {                                                                          \
      REST(isa, S, rows - r_end, columns, source + r_end * lds, lds, target + r_end, ldt);       \
    }                                                                                            \
  }

DEFINE(float, f32)
DEFINE(double, f64)
