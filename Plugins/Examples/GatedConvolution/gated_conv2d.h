/* What the formulas and the rounding bound of the gated convolution share. */
#ifndef GATED_CONV2D_H
#define GATED_CONV2D_H

#include "cnn_layer.h"

typedef struct {
  int64_t stride, padding;
} GatedConv2d;

/* The extents of a convolution with all 2O = o channels. */
typedef struct {
  int64_t n, i, h, w, o, kh, kw, oh, ow, stride, padding;
} Window;

Window window_of(const GatedConv2d *layer, const cnn_operands *operands);

/* The number of outputs of all channels, features and gates. */
static inline int64_t z_count(const Window *v) { return v->n * v->o * v->oh * v->ow; }

/* Where the feature and the gate of output k lie among all channels. */
typedef struct {
  int64_t feature, gate;
} Pair;

static inline Pair pair_of(const Window *v, int64_t k) {
  const int64_t half = v->o / 2 * v->oh * v->ow;
  const int64_t feature = k / half * 2 * half + k % half;
  return (Pair){feature, feature + half};
}

/* Called for each term w*x of each output z, with their offsets. */
typedef void (*Visitor)(void *context, int64_t z, int64_t x, int64_t w);
void for_each_term(const Window *v, Visitor visit, void *context);

/* dx, dW and db of a convolution whose upstream gradient is dz; any of them may be NULL. */
void convolution_backward(
    const Window *v, const double *x, const double *w, const double *dz, double *dx, double *dw,
    double *db);

/* 1 / (1 + exp(-x)), without overflow. */
double sigma(double x);

int gated_conv2d_bound(
    void *self, const cnn_host *host, const cnn_question *question, cnn_bound *answer);

#endif
