// XPREFIX.XNAME: a kind of layer for cnn-verify.
//
//     y[n,c,a]  = g[c] * x[n,c,a]
//     dx[n,c,a] = g[c] * dy[n,c,a]
//     dg[c]     = sum over n and a of x[n,c,a] * dy[n,c,a]
//
// x may have any shape with an axis `dim` of length C; n runs over the axes before it, a over those
// after it; g has the shape (C). cnn_layer.h says what each function owes.

#include <algorithm>
#include <cmath>
#include <new>
#include <span>

#include "cnn_layer.h"

namespace {

// The elements of a tensor in double precision.
std::span<double> elements(const cnn_tensor *tensor) {
  return {static_cast<double *>(tensor->data), static_cast<std::size_t>(tensor->count)};
}

class Layer {
 public:
  // Hyper-parameters.
  explicit Layer(const cnn_host *host)
      : dim(host->get_integer(host, "dim", 1, 0, CNN_MAX_RANK - 1)) {}

  // Shapes.
  int infer(const cnn_host *host, const cnn_operands &operands) const {
    const cnn_tensor &x = *operands.inputs[0], &g = *operands.parameters[0];
    if (x.rank <= dim) return host->wrong_shape(host, "input", "more axes than dim");
    if (g.rank != 1 || g.shape[0] != x.shape[dim])
      return host->wrong_shape(host, "parameters/gain", "as long as the axis dim of the input");
    return host->add_output(host, x.rank, x.shape);
  }

  // y[n,c,a] = g[c] * x[n,c,a].
  void forward(const cnn_operands &operands, const cnn_results &results) const {
    scale(operands.inputs[0], operands.parameters[0], results.outputs[0]);
  }

  void backward(const cnn_operands &operands, const cnn_gradients &gradients) const {
    const cnn_tensor *dy = gradients.upstream[0];
    // dx[n,c,a] = g[c] * dy[n,c,a].
    if (gradients.inputs[0]) scale(dy, operands.parameters[0], gradients.inputs[0]);
    // dg[c] = sum over n and a of x[n,c,a] * dy[n,c,a].
    if (gradients.parameters[0])
      sum(operands.inputs[0], dy, gradients.parameters[0], [](double term) { return term; });
  }

  // One product for y and dx, a sum of products for dg: the number of roundings that a term goes
  // through, and the sum of the absolute values of the terms.
  void bound(const cnn_question &question, cnn_bound &answer) const {
    const auto magnitude = [](double term) { return std::abs(term); };
    const cnn_tensor *x = question.operands->inputs[0];
    answer.form = CNN_BOUND_ACCUMULATED;
    if (question.result == CNN_PARAMETER_GRADIENT) {
      answer.terms = std::max<int64_t>(1, x->count / std::max<int64_t>(1, answer.values->count));
      sum(x, question.upstream[0], answer.values, magnitude);
      return;
    }
    answer.terms = 1;
    std::ranges::transform(
        elements(question.computed), elements(answer.values).begin(), magnitude);
  }

 private:
  int64_t dim;

  // The number of neighbouring elements that share a gain: those of the axes after `dim`.
  int64_t area(const cnn_tensor *x) const {
    int64_t area = 1;
    for (auto axis = dim + 1; axis < x->rank; axis++) area *= x->shape[axis];
    return area;
  }

  void scale(const cnn_tensor *x, const cnn_tensor *g, cnn_tensor *y) const {
    const auto from = elements(x), gain = elements(g), to = elements(y);
    const int64_t area = this->area(x);
    for (int64_t i = 0; i < x->count; i++) to[i] = gain[i / area % g->count] * from[i];
  }

  template <class Transform>
  void sum(
      const cnn_tensor *x, const cnn_tensor *dy, cnn_tensor *dg, Transform transform) const {
    const auto from = elements(x), upstream = elements(dy), to = elements(dg);
    const int64_t area = this->area(x);
    std::ranges::fill(to, 0.0);
    for (int64_t i = 0; i < x->count; i++)
      to[i / area % dg->count] += transform(from[i] * upstream[i]);
  }
};

// ---- The table: plain functions, out of which no exception may come.

const Layer &layer(void *self) { return *static_cast<Layer *>(self); }

int create(const cnn_host *host, const cnn_layer_type *, void **self) {
  *self = new (std::nothrow) Layer(host);
  return *self ? CNN_OK : host->fail(host, "there is no memory for the layer");
}

void destroy(void *self) { delete static_cast<Layer *>(self); }

int infer(void *self, const cnn_host *host, const cnn_operands *operands) {
  return layer(self).infer(host, *operands);
}

int forward(void *self, const cnn_host *, const cnn_operands *operands, const cnn_results *results) {
  layer(self).forward(*operands, *results);
  return CNN_OK;
}

int backward(
    void *self, const cnn_host *, const cnn_operands *operands, const cnn_gradients *gradients) {
  layer(self).backward(*operands, *gradients);
  return CNN_OK;
}

int bound(void *self, const cnn_host *, const cnn_question *question, cnn_bound *answer) {
  layer(self).bound(*question, *answer);
  return CNN_OK;
}

const cnn_slot inputs[] = {CNN_SLOT("input", CNN_NUMBERS)};
const cnn_slot parameters[] = {CNN_SLOT("gain", CNN_NUMBERS)};

const cnn_example examples[] = {
    CNN_EXAMPLE("channels of images", "", "input=2x3x4x5 gain=3"),
    CNN_EXAMPLE("one axis", "dim=0", "input=7 gain=7"),
    CNN_EXAMPLE("no samples", "", "input=0x2 gain=2"),
    {sizeof(cnn_example), 0, "as many gains as rows", nullptr, "input=2x3 gain=2",
     "as long as the axis dim", 0},
};

const cnn_layer_type type = [] {
  cnn_layer_type type{};
  type.struct_size = sizeof type;
  type.kind = "XPREFIX.XNAME";
  type.formula = "y[n,c,a] = g[c] * x[n,c,a]";
  type.inputs = inputs;
  type.input_count = std::size(inputs);
  type.parameters = parameters;
  type.parameter_count = std::size(parameters);
  type.examples = examples;
  type.example_count = std::size(examples);
  type.create = create;
  type.destroy = destroy;
  type.infer = infer;
  type.forward_f64 = forward;
  type.backward_f64 = backward;
  type.bound = bound;
  return type;
}();

const cnn_layer_type *const layers[] = {&type};
const cnn_plugin plugin = {CNN_PLUGIN_HEADER, 1, "XPREFIX", CNN_BUILT_WITH, layers};

}  // namespace

extern "C" CNN_EXPORT const cnn_plugin *cnn_plugin_entry() { return &plugin; }
