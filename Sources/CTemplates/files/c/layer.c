/* XPREFIX.XNAME: a kind of layer for cnn-verify.
 *
 *     y[n,c,a]  = g[c] * x[n,c,a]
 *     dx[n,c,a] = g[c] * dy[n,c,a]
 *     dg[c]     = sum over n and a of x[n,c,a] * dy[n,c,a]
 *
 * x may have any shape with an axis `dim` of length C; n runs over the axes before it, a over those
 * after it; g has the shape (C). cnn_layer.h says what each function owes. */
#include <math.h>
#include <stdlib.h>

#include "cnn_layer.h"

typedef struct {
  int64_t dim;
} Layer;

/* ---- Hyper-parameters */

static int create(const cnn_host *host, const cnn_layer_type *type, void **self) {
  (void)type;
  Layer *layer = malloc(sizeof *layer);
  if (!layer) return host->fail(host, "there is no memory for the layer");
  layer->dim = host->get_integer(host, "dim", 1, 0, CNN_MAX_RANK - 1);
  *self = layer;
  return CNN_OK;
}

static void destroy(void *self) { free(self); }

/* ---- Shapes */

static int infer(void *self, const cnn_host *host, const cnn_operands *operands) {
  const int64_t dim = ((Layer *)self)->dim;
  const cnn_tensor *x = operands->inputs[0], *g = operands->parameters[0];
  if (x->rank <= dim) return host->wrong_shape(host, "input", "more axes than dim");
  if (g->rank != 1 || g->shape[0] != x->shape[dim])
    return host->wrong_shape(host, "parameters/gain", "as long as the axis dim of the input");
  return host->add_output(host, x->rank, x->shape);
}

/* The number of neighbouring elements that share a gain: those of the axes after `dim`. */
static int64_t area_of(const cnn_tensor *x, int64_t dim) {
  int64_t area = 1;
  for (uint32_t axis = (uint32_t)dim + 1; axis < x->rank; axis++) area *= x->shape[axis];
  return area;
}

/* ---- Formulas */

/* y[n,c,a] = g[c] * x[n,c,a], for dx with dy in place of x. */
static void scale(const cnn_tensor *x, const cnn_tensor *g, int64_t dim, cnn_tensor *y) {
  const double *from = x->data, *gain = g->data;
  double *to = y->data;
  const int64_t area = area_of(x, dim);
  for (int64_t i = 0; i < x->count; i++) to[i] = gain[i / area % g->count] * from[i];
}

/* dg[c] = sum over n and a of x[n,c,a] * dy[n,c,a]; with `magnitude` of the absolute values. */
static void sum(
    const cnn_tensor *x, const cnn_tensor *dy, int64_t dim, int magnitude, cnn_tensor *dg) {
  const double *from = x->data, *upstream = dy->data;
  double *to = dg->data;
  const int64_t area = area_of(x, dim);
  for (int64_t c = 0; c < dg->count; c++) to[c] = 0;
  for (int64_t i = 0; i < x->count; i++) {
    const double term = from[i] * upstream[i];
    to[i / area % dg->count] += magnitude ? fabs(term) : term;
  }
}

static int forward(
    void *self, const cnn_host *host, const cnn_operands *operands, const cnn_results *results) {
  (void)host;
  const Layer *layer = self;
  scale(operands->inputs[0], operands->parameters[0], layer->dim, results->outputs[0]);
  return CNN_OK;
}

static int backward(
    void *self, const cnn_host *host, const cnn_operands *operands,
    const cnn_gradients *gradients) {
  (void)host;
  const Layer *layer = self;
  const cnn_tensor *dy = gradients->upstream[0];
  if (gradients->inputs[0])
    scale(dy, operands->parameters[0], layer->dim, gradients->inputs[0]);
  if (gradients->parameters[0])
    sum(operands->inputs[0], dy, layer->dim, 0, gradients->parameters[0]);
  return CNN_OK;
}

/* ---- Rounding */

/* One product for y and dx, a sum of products for dg: the number of roundings that a term goes
 * through, and the sum of the absolute values of the terms. */
static int bound(
    void *self, const cnn_host *host, const cnn_question *question, cnn_bound *answer) {
  (void)host;
  const Layer *layer = self;
  const cnn_tensor *x = question->operands->inputs[0];
  answer->form = CNN_BOUND_ACCUMULATED;
  if (question->result == CNN_PARAMETER_GRADIENT) {
    answer->terms = answer->values->count ? x->count / answer->values->count : 1;
    if (answer->terms < 1) answer->terms = 1;
    sum(x, question->upstream[0], layer->dim, 1, answer->values);
    return CNN_OK;
  }
  const double *computed = question->computed->data;
  double *values = answer->values->data;
  answer->terms = 1;
  for (int64_t i = 0; i < question->computed->count; i++) values[i] = fabs(computed[i]);
  return CNN_OK;
}

/* ---- The table */

static const cnn_slot inputs[] = {CNN_SLOT("input", CNN_NUMBERS)};
static const cnn_slot parameters[] = {CNN_SLOT("gain", CNN_NUMBERS)};

static const cnn_example examples[] = {
    CNN_EXAMPLE("channels of images", "", "input=2x3x4x5 gain=3"),
    CNN_EXAMPLE("one axis", "dim=0", "input=7 gain=7"),
    CNN_EXAMPLE("no samples", "", "input=0x2 gain=2"),
    {.struct_size = sizeof(cnn_example),
     .name = "as many gains as rows",
     .tensors = "input=2x3 gain=2",
     .refused = "as long as the axis dim"},
};

static const cnn_layer_type layer = {
    .struct_size = sizeof(cnn_layer_type),
    .kind = "XPREFIX.XNAME",
    .formula = "y[n,c,a] = g[c] * x[n,c,a]",
    .inputs = inputs,
    .input_count = sizeof inputs / sizeof *inputs,
    .parameters = parameters,
    .parameter_count = sizeof parameters / sizeof *parameters,
    .examples = examples,
    .example_count = sizeof examples / sizeof *examples,
    .create = create,
    .destroy = destroy,
    .infer = infer,
    .forward_f64 = forward,
    .backward_f64 = backward,
    .bound = bound,
};

static const cnn_layer_type *const layers[] = {&layer};
static const cnn_plugin plugin = {CNN_PLUGIN_HEADER, 1, "XPREFIX", CNN_BUILT_WITH, layers};

CNN_EXPORT const cnn_plugin *cnn_plugin_entry(void) { return &plugin; }
