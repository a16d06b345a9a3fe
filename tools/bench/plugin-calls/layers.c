// The layers that tools/bench/plugin times: `bench.Convolution`, 3×3 with padding 1, and `bench.Scale`,
// y = 2·x, which does next to nothing with each element. They read no hyper-parameters and call no
// function of the host in their passes, so that the same functions run without a host as well.
#include "cnn_layer.h"

#include <string.h>

static int create(const cnn_host *host, const cnn_layer_type *type, void **self) {
  (void)host, (void)type;
  *self = NULL;
  return CNN_OK;
}

// MARK: Convolution

enum { N, C, H, W };

static int convolution_infer(void *self, const cnn_host *host, const cnn_operands *operands) {
  (void)self;
  const int64_t *x = operands->inputs[0]->shape, *w = operands->parameters[0]->shape;
  return host->add_output(host, 4, (const int64_t[]){x[N], w[0], x[H], x[W]});
}

// The part of a row of W that column q of a kernel sees, and how far its input is shifted.
#define ROW(q, shift, low, high)                                                            \
  const int64_t shift = (q)-1, low = shift < 0 ? 1 : 0, high = x[W] - (shift > 0 ? 1 : 0);

// Over all n, o, c, p, q and the output rows i whose input row is there: y[n,o,i,·] and x[n,c,i+p-1,·].
#define FOR_EACH_ROW                                        \
  for (int64_t n = 0; n < x[N]; n++)                        \
    for (int64_t o = 0; o < outputs; o++)                   \
      for (int64_t c = 0; c < x[C]; c++)                    \
        for (int64_t p = 0; p < 3; p++)                     \
          for (int64_t i = p < 1; i < x[H] - (p > 1); i++)

#define CONVOLUTION(bits, real)                                                                  \
  /* y[n,o,i,j] = Σ_{c,p,q} w[o,c,p,q] · x[n,c,i+p-1,j+q-1] */                                   \
  static int convolution_forward_##bits(                                                         \
      void *self, const cnn_host *host, const cnn_operands *operands,                            \
      const cnn_results *results) {                                                              \
    (void)self, (void)host;                                                                      \
    const int64_t *x = operands->inputs[0]->shape, outputs = operands->parameters[0]->shape[0];  \
    const real *restrict from = operands->inputs[0]->data;                                       \
    const real *restrict weight = operands->parameters[0]->data;                                 \
    real *restrict to = results->outputs[0]->data;                                               \
    memset(to, 0, (size_t)results->outputs[0]->count * sizeof *to);                              \
    FOR_EACH_ROW {                                                                               \
      const real *restrict row = from + ((n * x[C] + c) * x[H] + i + p - 1) * x[W];              \
      real *restrict result = to + ((n * outputs + o) * x[H] + i) * x[W];                        \
      for (int64_t q = 0; q < 3; q++) {                                                          \
        const real factor = weight[((o * x[C] + c) * 3 + p) * 3 + q];                            \
        ROW(q, shift, low, high)                                                                 \
        for (int64_t j = low; j < high; j++) result[j] += factor * row[j + shift];               \
      }                                                                                          \
    }                                                                                            \
    return CNN_OK;                                                                               \
  }                                                                                              \
  /* dx[n,c,i+p-1,j+q-1] = Σ_{o,p,q} w[o,c,p,q] · dy[n,o,i,j]; dw[o,c,p,q] = Σ_{n,i,j} dy · x */ \
  static int convolution_backward_##bits(                                                        \
      void *self, const cnn_host *host, const cnn_operands *operands,                            \
      const cnn_gradients *gradients) {                                                          \
    (void)self, (void)host;                                                                      \
    const int64_t *x = operands->inputs[0]->shape, outputs = operands->parameters[0]->shape[0];  \
    const real *restrict from = operands->inputs[0]->data;                                       \
    const real *restrict weight = operands->parameters[0]->data;                                 \
    const real *restrict upstream = gradients->upstream[0]->data;                                \
    real *restrict dx = gradients->inputs[0] ? gradients->inputs[0]->data : NULL;                \
    real *restrict dw = gradients->parameters[0] ? gradients->parameters[0]->data : NULL;        \
    if (dx) memset(dx, 0, (size_t)gradients->inputs[0]->count * sizeof *dx);                     \
    if (dw) memset(dw, 0, (size_t)gradients->parameters[0]->count * sizeof *dw);                 \
    FOR_EACH_ROW {                                                                               \
      const int64_t start = ((n * x[C] + c) * x[H] + i + p - 1) * x[W];                          \
      const real *restrict dy = upstream + ((n * outputs + o) * x[H] + i) * x[W];                \
      for (int64_t q = 0; q < 3; q++) {                                                          \
        const int64_t place = ((o * x[C] + c) * 3 + p) * 3 + q;                                  \
        ROW(q, shift, low, high)                                                                 \
        if (dx)                                                                                  \
          for (int64_t j = low; j < high; j++) dx[start + j + shift] += weight[place] * dy[j];   \
        if (dw) {                                                                                \
          real sum = 0;                                                                          \
          for (int64_t j = low; j < high; j++) sum += dy[j] * from[start + j + shift];           \
          dw[place] += sum;                                                                      \
        }                                                                                        \
      }                                                                                          \
    }                                                                                            \
    return CNN_OK;                                                                               \
  }
CONVOLUTION(f32, float)
CONVOLUTION(f64, double)

// MARK: Scale

static int scale_infer(void *self, const cnn_host *host, const cnn_operands *x) {
  (void)self;
  return host->add_output(host, x->inputs[0]->rank, x->inputs[0]->shape);
}

#define SCALE(bits, real)                                                               \
  static void scale_##bits(const cnn_tensor *from, cnn_tensor *to) {                    \
    const real *restrict x = from->data;                                                \
    real *restrict y = to->data;                                                        \
    for (int64_t i = 0; i < from->count; i++) y[i] = 2 * x[i];                          \
  }                                                                                     \
  static int scale_forward_##bits(                                                      \
      void *self, const cnn_host *host, const cnn_operands *x, const cnn_results *y) {  \
    (void)self, (void)host;                                                             \
    scale_##bits(x->inputs[0], y->outputs[0]);                                          \
    return CNN_OK;                                                                      \
  }                                                                                     \
  static int scale_backward_##bits(                                                     \
      void *self, const cnn_host *host, const cnn_operands *x, const cnn_gradients *g) {\
    (void)self, (void)host, (void)x;                                                    \
    if (g->inputs[0]) scale_##bits(g->upstream[0], g->inputs[0]);                       \
    return CNN_OK;                                                                      \
  }
SCALE(f32, float)
SCALE(f64, double)

// MARK: The table

static const cnn_slot inputs[] = {CNN_SLOT("input", CNN_NUMBERS)};
static const cnn_slot parameters[] = {CNN_SLOT("weight", CNN_NUMBERS)};

#define PASSES(kind)                                                                    \
  .forward_f64 = kind##_forward_f64, .forward_f32 = kind##_forward_f32,                 \
  .backward_f64 = kind##_backward_f64, .backward_f32 = kind##_backward_f32

static const cnn_layer_type convolution = {
    .struct_size = sizeof(cnn_layer_type), .traits = CNN_INDEPENDENT_SAMPLES,
    .kind = "bench.Convolution", .inputs = inputs, .input_count = 1,
    .parameters = parameters, .parameter_count = 1,
    .create = create, .infer = convolution_infer, PASSES(convolution)};
static const cnn_layer_type scale = {
    .struct_size = sizeof(cnn_layer_type), .traits = CNN_ELEMENTWISE | CNN_INDEPENDENT_SAMPLES,
    .kind = "bench.Scale", .inputs = inputs, .input_count = 1,
    .create = create, .infer = scale_infer, PASSES(scale)};
static const cnn_layer_type *const layers[] = {&convolution, &scale};
static const cnn_plugin plugin = {CNN_PLUGIN_HEADER, 2, "bench", CNN_BUILT_WITH, layers};
CNN_EXPORT const cnn_plugin *cnn_plugin_entry(void) { return &plugin; }
