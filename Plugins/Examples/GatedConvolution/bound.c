/* How far rounding may move the results of the gated convolution.
 *
 * u is the unit roundoff, h the underflow threshold, gamma(n) = nu/(1 - nu), and E_q the largest
 * error of a quantity q (standard model: N. J. Higham, Accuracy and Stability of Numerical
 * Algorithms, 2nd ed., 2.2 and 3.1). With n terms in a convolution:
 *
 *     E_f = gamma(n) * sum |w x| + n h, and so for E_g
 *     E_s = s (expm1(E_g) + 8u) + h (1 + |g|), at most 1:  |d ln s / dg| <= 1
 *     E_st = st (expm1(E_g) + 12u) + s min(8us, 4t) + h:   t may have been computed as 1 - s
 *     E_y  = |f| E_s + (s + E_s) E_f + u |y| + h
 *     E_df = |dy| E_s + u |df| + h
 *     E_dg = |dy| (|f| E_st + (st + E_st) E_f) + 3u |dg| + 2h (1 + |dy|) (1 + |f|)
 *
 * dx, dW and db are sums of m terms that are linear in d = (df, dg), and so is their bound: the same
 * sums with absolute values and E_d + gamma(m) (|d| + E_d) in place of d, and m h more. */
#include <math.h>
#include <stdlib.h>

#include "gated_conv2d.h"

/* f and g with the sums of their magnitudes. */
typedef struct {
  const double *x, *w;
  double *z, *magnitude;
} Sums;

static void add_term(void *context, int64_t z, int64_t x, int64_t w) {
  const Sums *s = context;
  const double term = s->w[w] * s->x[x];
  s->z[z] += term;
  s->magnitude[z] += fabs(term);
}

/* What is known about one output: its parts and their errors. */
typedef struct {
  double f, s, st, e_f, e_s, e_st;
} Parts;

static Parts parts_of(const Sums *sums, Pair at, int64_t n, const cnn_question *question) {
  const double u = question->unit, eta = question->underflow, gamma = cnn_gamma(question, n);
  const double g = sums->z[at.gate], s = sigma(g), t = sigma(-g);
  const double e_g = expm1(gamma * sums->magnitude[at.gate] + (double)n * eta);
  Parts p = {.f = sums->z[at.feature], .s = s, .st = s * t};
  p.e_f = gamma * sums->magnitude[at.feature] + (double)n * eta;
  p.e_s = fmin(1, s * (e_g + 8 * u) + eta * (1 + fabs(g)));
  p.e_st = fmin(1, p.st * (e_g + 12 * u) + s * fmin(8 * u * s, 4 * t) + eta);
  return p;
}

/* A new array of absolute values; NULL without memory. */
static double *magnitudes(const cnn_tensor *tensor) {
  double *values = malloc(((size_t)tensor->count + 1) * sizeof *values);
  for (int64_t k = 0; values && k < tensor->count; k++)
    values[k] = fabs(((const double *)tensor->data)[k]);
  return values;
}

/* The bound of y, or E_d + gamma(m) (|d| + E_d) of both gradients of each output in `d`. */
static void bound_outputs(
    const Window *v, const Sums *sums, const cnn_question *question, int64_t m, double *y,
    double *d) {
  const double u = question->unit, eta = question->underflow, gamma = cnn_gamma(question, m);
  const double *dy = d ? question->upstream[0]->data : NULL;
  const int64_t n = v->i * v->kh * v->kw + 1;
  for (int64_t k = 0; k < z_count(v) / 2; k++) {
    const Pair at = pair_of(v, k);
    const Parts p = parts_of(sums, at, n, question);
    const double f = fabs(p.f);
    if (y) y[k] = 1.01 * (f * p.e_s + (p.s + p.e_s) * p.e_f + u * f * p.s) + eta;
    if (!d) continue;
    const double upstream = fabs(dy[k]), df = upstream * p.s, dg = upstream * f * p.st;
    const double e_df = upstream * p.e_s + u * df + eta;
    const double e_dg = upstream * (f * p.e_st + (p.st + p.e_st) * p.e_f) + 3 * u * dg
        + 2 * eta * (1 + upstream) * (1 + f);
    d[at.feature] = 1.01 * (e_df + gamma * (df + e_df));
    d[at.gate] = 1.01 * (e_dg + gamma * (dg + e_dg));
  }
}

int gated_conv2d_bound(
    void *self, const cnn_host *host, const cnn_question *question, cnn_bound *answer) {
  const cnn_operands *operands = question->operands;
  const Window v = window_of(self, operands);
  const cnn_tensor *bias = operands->parameters[1];
  const int64_t count = z_count(&v);
  double *values = answer->values->data;
  double *z = calloc((size_t)count + 1, sizeof *z), *magnitude = calloc((size_t)count + 1, sizeof *z);
  double *d = calloc((size_t)count + 1, sizeof *d);
  double *x = magnitudes(operands->inputs[0]), *w = magnitudes(operands->parameters[0]);
  int code = CNN_OK;
  if (z && magnitude && d && x && w) {
    for (int64_t k = 0; bias && k < count; k++) {
      z[k] = ((const double *)bias->data)[k / (v.oh * v.ow) % v.o];
      magnitude[k] = fabs(z[k]);
    }
    Sums sums = {operands->inputs[0]->data, operands->parameters[0]->data, z, magnitude};
    for_each_term(&v, add_term, &sums);
    answer->form = CNN_BOUND_ELEMENTWISE;
    if (question->result == CNN_OUTPUT) {
      bound_outputs(&v, &sums, question, 0, values, NULL);
    } else {
      const int is_input = question->result == CNN_INPUT_GRADIENT;
      const int64_t m = is_input ? v.o * v.kh * v.kw : v.n * v.oh * v.ow;
      bound_outputs(&v, &sums, question, m, NULL, d);
      convolution_backward(
          &v, x, w, d, is_input ? values : NULL,
          !is_input && question->index == 0 ? values : NULL,
          !is_input && question->index == 1 ? values : NULL);
      for (int64_t k = 0; k < answer->values->count; k++)
        values[k] += (double)m * question->underflow;
    }
  } else {
    code = host->fail(host, "there is no memory for the bound");
  }
  free(z), free(magnitude), free(d), free(x), free(w);
  return code;
}
