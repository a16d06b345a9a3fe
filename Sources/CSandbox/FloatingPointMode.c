#include "CSandbox.h"

#if defined(__x86_64__)

// MXCSR without the flags of exceptions that have occurred (bits 0 to 5), and the x87 control word
// above it. Source: Intel, Software Developer's Manual, volume 1, §8.1.5 and §10.2.3.
enum { occurred = 0x3F };

uint64_t CSandbox_floatingPointMode(void) {
  uint32_t vector;
  uint16_t x87;
  __asm__ volatile("stmxcsr %0" : "=m"(vector));
  __asm__ volatile("fnstcw %0" : "=m"(x87));
  return (uint64_t)(vector & ~(uint32_t)occurred) | (uint64_t)x87 << 32;
}

void CSandbox_setFloatingPointMode(uint64_t mode) {
  uint32_t vector = (uint32_t)mode;
  uint16_t x87 = (uint16_t)(mode >> 32);
  __asm__ volatile("ldmxcsr %0" : : "m"(vector));
  __asm__ volatile("fldcw %0" : : "m"(x87));
}

bool CSandbox_flushesSubnormals(uint64_t mode) {
  return (mode & 0x8040) != 0;  // FTZ, DAZ
}

#elif defined(__aarch64__)

uint64_t CSandbox_floatingPointMode(void) {
  uint64_t control;
  __asm__ volatile("mrs %0, fpcr" : "=r"(control));
  return control;
}

void CSandbox_setFloatingPointMode(uint64_t mode) {
  __asm__ volatile("msr fpcr, %0" : : "r"(mode));
}

bool CSandbox_flushesSubnormals(uint64_t mode) {
  return (mode & 0x1080000) != 0;  // FZ, FZ16
}

#else
#error "the control register of this processor is not known here"
#endif
