// A plug-in with two kinds, y = s·x: `acme.Scale`, which keeps its promises, and `acme.Bad`, into which
// a test puts one line of C at one place (`-DIN_FORWARD=...`) to see it break one.
#define _GNU_SOURCE
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#if defined(__SSE__)
#include <xmmintrin.h>
#endif

#include "cnn_layer.h"

#ifndef AT_ENTRY
#define AT_ENTRY
#endif
#ifndef IN_TABLE
#define IN_TABLE
#endif
#ifndef IN_TYPE
#define IN_TYPE
#endif
#ifndef IN_CREATE
#define IN_CREATE
#endif
#ifndef IN_INFER
#define IN_INFER
#endif
#ifndef IN_CHECK
#define IN_CHECK
#endif
#ifndef IN_FORWARD
#define IN_FORWARD
#endif
#ifndef AFTER_FORWARD
#define AFTER_FORWARD
#endif
#ifndef IN_BACKWARD
#define IN_BACKWARD
#endif
#ifndef IN_BOUND
#define IN_BOUND
#endif

typedef struct {
  double s;
} Scale;

// A library may have a constructor.
#ifdef AT_LOAD
__attribute__((constructor)) static void at_load(void) { AT_LOAD }
#endif

// Work that never ends.
void *spin(void *nothing) {
  for (volatile int turns = 0;; turns++) (void)turns;
  return nothing;
}

static int create(const cnn_host *host, const cnn_layer_type *type, void **self) {
  (void)type;
  Scale *scale = malloc(sizeof *scale);
  if (!scale) return host->fail(host, "no memory");
  scale->s = host->get_real(host, "s", 1, -100, 100);
  *self = scale;
  return CNN_OK;
}

static int infer(void *self, const cnn_host *host, const cnn_operands *x) {
  (void)self;
  return host->add_output(host, x->inputs[0]->rank, x->inputs[0]->shape);
}

#define PASSES(bits, real)                                                                     \
  static int forward_##bits(                                                                   \
      void *self, const cnn_host *host, const cnn_operands *x, const cnn_results *y) {         \
    real s = (real)host->constant(host, ((Scale *)self)->s);                                   \
    const real *from = x->inputs[0]->data;                                                     \
    real *to = y->outputs[0]->data;                                                            \
    for (int64_t i = 0; i < x->inputs[0]->count; i++) to[i] = s * from[i];                     \
    return CNN_OK;                                                                             \
  }                                                                                            \
  static int backward_##bits(                                                                  \
      void *self, const cnn_host *host, const cnn_operands *x, const cnn_gradients *g) {       \
    (void)x;                                                                                   \
    if (!g->inputs[0]) return CNN_OK;                                                          \
    real s = (real)host->constant(host, ((Scale *)self)->s);                                   \
    const real *dy = g->upstream[0]->data;                                                     \
    real *dx = g->inputs[0]->data;                                                             \
    for (int64_t i = 0; i < g->inputs[0]->count; i++) dx[i] = s * dy[i];                       \
    return CNN_OK;                                                                             \
  }
PASSES(f64, double)
PASSES(f32, float)

// One rounding: |s·x| or |s·dy|.
static int bound(
    void *self, const cnn_host *host, const cnn_question *question, cnn_bound *answer) {
  double s = fabs(host->constant(host, ((Scale *)self)->s));
  const cnn_tensor *of =
      question->result == CNN_OUTPUT ? question->operands->inputs[0] : question->upstream[0];
  for (int64_t i = 0; i < of->count; i++)
    ((double *)answer->values->data)[i] = s * fabs(((const double *)of->data)[i]);
  answer->form = CNN_BOUND_ACCUMULATED;
  answer->terms = 1;
  return CNN_OK;
}

// MARK: The kind that breaks its promises

static int bad_create(const cnn_host *host, const cnn_layer_type *type, void **self) {
  IN_CREATE
  return create(host, type, self);
}

static int bad_infer(void *self, const cnn_host *host, const cnn_operands *x) {
  IN_INFER
  return infer(self, host, x);
}

static int bad_check(void *self, const cnn_host *host, const cnn_operands *x) {
  (void)self, (void)host, (void)x;
  IN_CHECK
  return CNN_OK;
}

static int bad_forward(
    void *self, const cnn_host *host, const cnn_operands *x, const cnn_results *y) {
  double *to = y->outputs[0]->data;
  int64_t count = y->outputs[0]->count;
  (void)to, (void)count;
  IN_FORWARD
  int code = forward_f64(self, host, x, y);
  AFTER_FORWARD
  return code;
}

static int bad_backward(
    void *self, const cnn_host *host, const cnn_operands *x, const cnn_gradients *g) {
  IN_BACKWARD
  return backward_f64(self, host, x, g);
}

static int bad_bound(
    void *self, const cnn_host *host, const cnn_question *question, cnn_bound *answer) {
  IN_BOUND
  return bound(self, host, question, answer);
}

// MARK: The table

static void destroy(void *self) { free(self); }

static const cnn_slot inputs[] = {CNN_SLOT("input", CNN_NUMBERS)};
static const cnn_example examples[] = {
    CNN_EXAMPLE("doubles", "s=2", "input=2x3x4x5"),
    {sizeof(cnn_example), 0, "too large", "s=1e3", "input=2", "outside", 0},
};

static cnn_layer_type scale = {
    .struct_size = sizeof(cnn_layer_type),
    .traits = CNN_ELEMENTWISE | CNN_INDEPENDENT_SAMPLES,
    .kind = "acme.Scale",
    .formula = "y = s * x",
    .inputs = inputs,
    .input_count = 1,
    .examples = examples,
    .example_count = 2,
    .create = create,
    .destroy = destroy,
    .infer = infer,
    .forward_f64 = forward_f64,
    .forward_f32 = forward_f32,
    .backward_f64 = backward_f64,
    .backward_f32 = backward_f32,
    .define_f64 = forward_f64,
    .bound = bound,
};

static cnn_layer_type bad;
static const cnn_layer_type *const layers[] = {&scale, &bad};
static cnn_plugin plugin = {CNN_PLUGIN_HEADER, 2, "acme", CNN_BUILT_WITH, layers};

CNN_EXPORT const cnn_plugin *ENTRY(void) {
  bad = scale;
  bad.kind = "acme.Bad";
  bad.create = bad_create;
  bad.infer = bad_infer;
  bad.check_values = bad_check;
  bad.forward_f64 = bad_forward;
  bad.forward_f32 = NULL;
  bad.backward_f64 = bad_backward;
  bad.backward_f32 = NULL;
  bad.define_f64 = NULL;
  bad.bound = bad_bound;
  IN_TYPE
  IN_TABLE
  AT_ENTRY
  return &plugin;
}
