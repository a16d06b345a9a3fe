/* inpaint.GatedConv2d: a convolution whose output is gated by another one.
 *
 * Source: J. Yu, Z. Lin, J. Yang, X. Shen, X. Lu, T. Huang, Free-Form Image Inpainting with Gated
 * Convolution, ICCV 2019; the gate is that of Y. Dauphin, A. Fan, M. Auli, D. Grangier, 2017.
 *
 *     f = conv(x, W[0..O)) + b[0..O)        the features
 *     g = conv(x, W[O..2O)) + b[O..2O)      the gate
 *     y = f * sigma(g)
 *
 *     df = dy * s,  dg = dy * f * s * t     with s = sigma(g), t = sigma(-g) = 1 - s
 *     dx, dW, db are those of a convolution with the upstream gradient (df, dg)
 *
 * Shapes: x (N, I, H, W), W (2O, I, kH, kW), b (2O) -> y (N, O, H', W'). */
#include "gated_conv2d.h"

#include <math.h>
#include <stdlib.h>

/* ---- Hyper-parameters */

static int create(const cnn_host *host, const cnn_layer_type *type, void **self) {
  (void)type;
  GatedConv2d *layer = malloc(sizeof *layer);
  if (!layer) return host->fail(host, "there is no memory for the layer");
  layer->stride = host->get_integer(host, "stride", 1, 1, 1 << 20);
  layer->padding = host->get_integer(host, "padding", 0, 0, 1 << 20);
  *self = layer;
  return CNN_OK;
}

static void destroy(void *self) { free(self); }

/* ---- Shapes */

static int infer(void *self, const cnn_host *host, const cnn_operands *operands) {
  const GatedConv2d *layer = self;
  const cnn_tensor *x = operands->inputs[0], *w = operands->parameters[0];
  const cnn_tensor *b = operands->parameters[1];
  if (x->rank != 4) return host->wrong_shape(host, "input", "(N, I, H, W)");
  if (w->rank != 4 || w->shape[0] % 2 || w->shape[1] != x->shape[1])
    return host->wrong_shape(host, "parameters/weight", "(2O, I, kH, kW)");
  if (b && (b->rank != 1 || b->shape[0] != w->shape[0]))
    return host->wrong_shape(host, "parameters/bias", "(2O,)");
  int64_t shape[4] = {x->shape[0], w->shape[0] / 2};
  for (int axis = 2; axis < 4; axis++) {
    const int64_t places = x->shape[axis] + 2 * layer->padding - w->shape[axis];
    if (w->shape[axis] < 1 || places < 0)
      return host->wrong_shape(host, "parameters/weight", "a kernel that fits the padded input");
    shape[axis] = places / layer->stride + 1;
  }
  return host->add_output(host, 4, shape);
}

/* ---- The convolution */

Window window_of(const GatedConv2d *layer, const cnn_operands *operands) {
  const int64_t *x = operands->inputs[0]->shape, *w = operands->parameters[0]->shape;
  Window v = {.n = x[0], .i = x[1], .h = x[2], .w = x[3], .o = w[0], .kh = w[2], .kw = w[3],
              .stride = layer->stride, .padding = layer->padding};
  v.oh = (v.h + 2 * v.padding - v.kh) / v.stride + 1;
  v.ow = (v.w + 2 * v.padding - v.kw) / v.stride + 1;
  return v;
}

void for_each_term(const Window *v, Visitor visit, void *context) {
  int64_t z = 0;
  for (int64_t n = 0; n < v->n; n++)
    for (int64_t o = 0; o < v->o; o++)
      for (int64_t p = 0; p < v->oh; p++)
        for (int64_t q = 0; q < v->ow; q++, z++)
          for (int64_t i = 0; i < v->i; i++)
            for (int64_t k = 0; k < v->kh; k++)
              for (int64_t l = 0; l < v->kw; l++) {
                const int64_t row = p * v->stride + k - v->padding;
                const int64_t column = q * v->stride + l - v->padding;
                if (row < 0 || row >= v->h || column < 0 || column >= v->w) continue;
                visit(
                    context, z, ((n * v->i + i) * v->h + row) * v->w + column,
                    ((o * v->i + i) * v->kh + k) * v->kw + l);
              }
}

/* z = conv(x, W) + b for all 2O channels: features and gates. */
typedef struct {
  const double *x, *w;
  double *z;
} Product;

static void add_product(void *context, int64_t z, int64_t x, int64_t w) {
  const Product *p = context;
  p->z[z] += p->w[w] * p->x[x];
}

static double *convolved(const Window *v, const cnn_operands *operands) {
  const cnn_tensor *b = operands->parameters[1];
  double *z = calloc((size_t)z_count(v) + 1, sizeof *z);
  if (!z) return NULL;
  for (int64_t k = 0; b && k < z_count(v); k++)
    z[k] = ((const double *)b->data)[k / (v->oh * v->ow) % v->o];
  Product product = {operands->inputs[0]->data, operands->parameters[0]->data, z};
  for_each_term(v, add_product, &product);
  return z;
}

double sigma(double x) { return x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x)); }

/* ---- Forward and backward */

static int forward(
    void *self, const cnn_host *host, const cnn_operands *operands, const cnn_results *results) {
  const Window v = window_of(self, operands);
  double *z = convolved(&v, operands), *y = results->outputs[0]->data;
  if (!z) return host->fail(host, "there is no memory for the convolution");
  for (int64_t k = 0; k < results->outputs[0]->count; k++) {
    const Pair at = pair_of(&v, k);
    y[k] = z[at.feature] * sigma(z[at.gate]);
  }
  free(z);
  return CNN_OK;
}

/* Backward, for gradients dz of all 2O channels: each term w*x of z passes dz on to both. */
typedef struct {
  const double *x, *w, *dz;
  double *dx, *dw;
} Backward;

static void pass_on(void *context, int64_t z, int64_t x, int64_t w) {
  const Backward *b = context;
  if (b->dx) b->dx[x] += b->w[w] * b->dz[z];
  if (b->dw) b->dw[w] += b->x[x] * b->dz[z];
}

void convolution_backward(
    const Window *v, const double *x, const double *w, const double *dz, double *dx, double *dw,
    double *db) {
  for (int64_t k = 0; dx && k < v->n * v->i * v->h * v->w; k++) dx[k] = 0;
  for (int64_t k = 0; dw && k < v->o * v->i * v->kh * v->kw; k++) dw[k] = 0;
  for (int64_t k = 0; db && k < v->o; k++) db[k] = 0;
  Backward backward = {x, w, dz, dx, dw};
  if (dx || dw) for_each_term(v, pass_on, &backward);
  for (int64_t k = 0; db && k < z_count(v); k++) db[k / (v->oh * v->ow) % v->o] += dz[k];
}

static int backward(
    void *self, const cnn_host *host, const cnn_operands *operands,
    const cnn_gradients *gradients) {
  const Window v = window_of(self, operands);
  double *z = convolved(&v, operands);
  if (!z) return host->fail(host, "there is no memory for the convolution");
  const double *dy = gradients->upstream[0]->data;
  for (int64_t k = 0; k < gradients->upstream[0]->count; k++) {
    const Pair at = pair_of(&v, k);
    const double f = z[at.feature], s = sigma(z[at.gate]), t = sigma(-z[at.gate]);
    z[at.feature] = dy[k] * s;
    z[at.gate] = dy[k] * f * s * t;
  }
  const cnn_tensor *dx = gradients->inputs[0], *dw = gradients->parameters[0];
  const cnn_tensor *db = gradients->parameters[1];
  convolution_backward(
      &v, operands->inputs[0]->data, operands->parameters[0]->data, z, dx ? dx->data : NULL,
      dw ? dw->data : NULL, db ? db->data : NULL);
  free(z);
  return CNN_OK;
}

/* ---- The table */

static const cnn_slot inputs[] = {CNN_SLOT("input", CNN_NUMBERS)};
static const cnn_slot parameters[] = {
    CNN_SLOT("weight", CNN_NUMBERS), CNN_OPTIONAL_SLOT("bias", CNN_NUMBERS)};

static const cnn_example examples[] = {
    CNN_EXAMPLE("strides that leave a rest", "stride=2 padding=1", "input=2x2x5x6 weight=4x2x3x2 bias=4"),
    CNN_EXAMPLE("no bias", "", "input=3x1x4x3 weight=2x1x2x3"),
    CNN_EXAMPLE("no samples", "", "input=0x1x3x3 weight=2x1x2x2 bias=2"),
    {.struct_size = sizeof(cnn_example),
     .name = "an odd number of channels",
     .tensors = "input=1x1x3x3 weight=3x1x2x2",
     .refused = "(2O, I, kH, kW)"},
    {.struct_size = sizeof(cnn_example),
     .name = "a kernel that is too large",
     .tensors = "input=1x1x2x2 weight=2x1x3x3",
     .refused = "a kernel that fits"},
};

static const cnn_layer_type gated_conv2d = {
    .struct_size = sizeof(cnn_layer_type),
    .traits = CNN_INDEPENDENT_SAMPLES,
    .kind = "inpaint.GatedConv2d",
    .formula = "y = (conv(x, W[0..O)) + b[0..O)) * sigma(conv(x, W[O..2O)) + b[O..2O))",
    .inputs = inputs,
    .input_count = 1,
    .parameters = parameters,
    .parameter_count = 2,
    .examples = examples,
    .example_count = sizeof examples / sizeof *examples,
    .create = create,
    .destroy = destroy,
    .infer = infer,
    .forward_f64 = forward,
    .backward_f64 = backward,
    .bound = gated_conv2d_bound,
};

static const cnn_layer_type *const layers[] = {&gated_conv2d};
static const cnn_plugin plugin = {CNN_PLUGIN_HEADER, 1, "inpaint", CNN_BUILT_WITH, layers};

CNN_EXPORT const cnn_plugin *cnn_plugin_entry(void) { return &plugin; }
