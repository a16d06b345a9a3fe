#include "CKernels.h"

#include <stdint.h>
#include <string.h>

// What is known about memory beforehand.
//
// Stores that go past the caches: an ordinary store first reads the line that it will overwrite;
// for a result larger than the caches that is a third of the traffic, and it pushes out what the
// next band needs. Vectors of 16 bytes are enough: four of them fill the line that is written.

typedef float f32x4 __attribute__((vector_size(16)));
typedef double f64x2 __attribute__((vector_size(16)));

#define DEFINE(T, S, V)                                                                          \
  void ck_stream_rows_##S(                                                                       \
    ptrdiff_t rows, ptrdiff_t width, const T *source, ptrdiff_t lds, T *target                   \
  ) {                                                                                            \
    enum { lanes = 16 / sizeof(T) };                                                             \
    T *end = target + rows * width;                                                              \
    ptrdiff_t x = 0; /* the column that comes next */                                            \
    while (target < end) {                                                                       \
      if ((uintptr_t)target % 16 == 0 && end - target >= lanes) {                                \
        T *stop = target + (width - x) / lanes * lanes;                                          \
        for (; target < stop; target += lanes, x += lanes) {                                     \
          V whole;                                                                               \
          memcpy(&whole, source + x, 16);                                                        \
          __builtin_nontemporal_store(whole, (V *)target);                                       \
        }                                                                                        \
        if (x < width && end - target >= lanes) {                                                \
          /* A vector that crosses the ends of rows is put together first. */                    \
          T part[lanes];                                                                         \
          for (int i = 0; i < lanes; i++) {                                                      \
            part[i] = source[x++];                                                               \
            if (x == width) x = 0, source += lds;                                                \
          }                                                                                      \
          V whole;                                                                               \
          memcpy(&whole, part, 16);                                                              \
          __builtin_nontemporal_store(whole, (V *)target);                                       \
          target += lanes;                                                                       \
          continue;                                                                              \
        }                                                                                        \
      }                                                                                          \
      if (x == width) {                                                                          \
        x = 0, source += lds;                                                                    \
        continue;                                                                                \
      }                                                                                          \
      *target++ = source[x++];                                                                   \
    }                                                                                            \
  }

DEFINE(float, f32, f32x4)
DEFINE(double, f64, f64x2)

void ck_stream_end(void) {
#if defined(__x86_64__)
  __builtin_ia32_sfence();
#else
  __sync_synchronize();
#endif
}

void ck_prefetch(ptrdiff_t rows, ptrdiff_t bytes, const void *source, ptrdiff_t pitch) {
  for (ptrdiff_t r = 0; r < rows; r++) {
    const char *first = (const char *)source + r * pitch, *end = first + bytes;
    // Each line of the cache that has a part of the row, the last one too.
    for (first -= (uintptr_t)first % 64; first < end; first += 64) __builtin_prefetch(first, 0, 2);
  }
}
