// y[n,o] = Σ_i w[o,i]·x[n,i] with one slip of choice in its backward pass, as people make them.
#include <stdlib.h>

#include "cnn_layer.h"

enum { NONE, SIGN, MISSING_TERM, TRANSPOSED, ONE_SAMPLE, UPSTREAM_IGNORED };

static int create(const cnn_host *host, const cnn_layer_type *type, void **self) {
  (void)host, (void)type;
  *self = NULL;
  return CNN_OK;
}

static int infer(void *self, const cnn_host *host, const cnn_operands *operands) {
  (void)self;
  const cnn_tensor *x = operands->inputs[0], *w = operands->parameters[0];
  if (x->rank != 2) return host->wrong_shape(host, "input", "(N, I)");
  if (w->rank != 2 || w->shape[1] != x->shape[1])
    return host->wrong_shape(host, "parameters/weight", "(O, I)");
  return host->add_output(host, 2, (const int64_t[]){x->shape[0], w->shape[0]});
}

static int forward(
    void *self, const cnn_host *host, const cnn_operands *operands, const cnn_results *results) {
  (void)self, (void)host;
  const cnn_tensor *shape = operands->parameters[0];
  const int64_t N = operands->inputs[0]->shape[0], O = shape->shape[0], I = shape->shape[1];
  const double *x = operands->inputs[0]->data, *w = shape->data;
  double *y = results->outputs[0]->data;
  for (int64_t n = 0; n < N; n++)
    for (int64_t o = 0; o < O; o++) {
      y[n * O + o] = 0;
      for (int64_t i = 0; i < I; i++) y[n * O + o] += w[o * I + i] * x[n * I + i];
    }
  return CNN_OK;
}

static int backward(
    void *self, const cnn_host *host, const cnn_operands *operands,
    const cnn_gradients *gradients) {
  (void)self, (void)host;
  const cnn_tensor *shape = operands->parameters[0];
  const int64_t N = operands->inputs[0]->shape[0], O = shape->shape[0], I = shape->shape[1];
  const double *x = operands->inputs[0]->data, *w = shape->data;
  const double *dy = gradients->upstream[0]->data;
  double *dx = gradients->inputs[0] ? gradients->inputs[0]->data : NULL;
  double *dw = gradients->parameters[0] ? gradients->parameters[0]->data : NULL;
  for (int64_t k = 0; dx && k < N * I; k++) dx[k] = 0;
  for (int64_t k = 0; dw && k < O * I; k++) dw[k] = 0;
  for (int64_t n = 0; n < N; n++)
    for (int64_t o = 0; o < O; o++)
      for (int64_t i = 0; i < I; i++) {
        if (dx) dx[n * I + i] += w[o * I + i] * dy[n * O + o];
        if (!dw || (SLIP == MISSING_TERM && n == 1 && o == 0)) continue;
        const double term = x[n * I + i] * (SLIP == UPSTREAM_IGNORED ? 1 : dy[n * O + o]);
        const int64_t place = SLIP == TRANSPOSED ? i * O + o : o * I + i;
        if (SLIP == ONE_SAMPLE)
          dw[place] = term;
        else
          dw[place] += SLIP == SIGN ? -term : term;
      }
  return CNN_OK;
}

static const cnn_slot inputs[] = {CNN_SLOT("input", CNN_NUMBERS)};
static const cnn_slot parameters[] = {CNN_SLOT("weight", CNN_NUMBERS)};
static const cnn_example examples[] = {CNN_EXAMPLE("a matrix", "", "input=3x4 weight=2x4")};

static const cnn_layer_type product = {
    .struct_size = sizeof(cnn_layer_type),
    .traits = CNN_INDEPENDENT_SAMPLES,
    .kind = "acme.Product",
    .inputs = inputs,
    .input_count = 1,
    .parameters = parameters,
    .parameter_count = 1,
    .examples = examples,
    .example_count = 1,
    .create = create,
    .infer = infer,
    .forward_f64 = forward,
    .backward_f64 = backward};

static const cnn_layer_type *const layers[] = {&product};
static const cnn_plugin plugin = {CNN_PLUGIN_HEADER, 1, "acme", CNN_BUILT_WITH, layers};

CNN_EXPORT const cnn_plugin *ENTRY(void) { return &plugin; }
