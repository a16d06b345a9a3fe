#include "squeeze_excite.hpp"

#include <iterator>
#include <new>

namespace senet {
namespace {

// ---- Shapes

int infer(void *, const cnn_host *host, const cnn_operands *operands) {
  const cnn_tensor &x = *operands->inputs[0];
  const cnn_tensor &w1 = *operands->parameters[0], &w2 = *operands->parameters[1];
  if (x.rank < 3) return host->wrong_shape(host, "input", "(N, C, ...), with axes of space");
  int64_t area = 1;
  for (uint32_t axis = 2; axis < x.rank; axis++) area *= x.shape[axis];
  if (area < 1) return host->wrong_shape(host, "input", "a mean of at least one element");
  if (w1.rank != 2 || w1.shape[1] != x.shape[1])
    return host->wrong_shape(host, "parameters/weight1", "(R, C)");
  if (w2.rank != 2 || w2.shape[0] != x.shape[1] || w2.shape[1] != w1.shape[0])
    return host->wrong_shape(host, "parameters/weight2", "(C, R)");
  return host->add_output(host, x.rank, x.shape);
}

// ---- Forward and backward

void forward(const Block &block, std::span<double> y) {
  for (std::size_t i = 0; i < y.size(); i++) y[i] = block.s[i / block.area] * block.x[i];
}

void backward(const Block &block, std::span<const double> dy, const cnn_gradients &gradients) {
  Numbers dv = block.sums(dy, block.x);
  for (std::size_t i = 0; i < dv.size(); i++) dv[i] *= block.s[i] * sigma(-block.v[i]);
  Numbers dq = block.transposed(block.w2, block.channels, block.reduced, dv);
  for (std::size_t i = 0; i < dq.size(); i++)
    if (!(block.q[i] > 0)) dq[i] = 0;
  if (const cnn_tensor *dw1 = gradients.parameters[0]) block.outer(dq, block.z, elements(dw1));
  if (const cnn_tensor *dw2 = gradients.parameters[1]) block.outer(dv, block.h, elements(dw2));
  if (const cnn_tensor *dx = gradients.inputs[0]) {
    const Numbers dz = block.transposed(block.w1, block.reduced, block.channels, dq);
    const auto result = elements(dx);
    for (std::size_t i = 0; i < result.size(); i++)
      result[i] = block.s[i / block.area] * dy[i] +
                  dz[i / block.area] / static_cast<double>(block.area);
  }
}

// ---- The table: no exception may leave the library.

template <class Body>
int guarded(const cnn_host *host, Body body) {
  try {
    body();
    return CNN_OK;
  } catch (const std::bad_alloc &) {
    return host->fail(host, "there is no memory for the block");
  }
}

int create(const cnn_host *, const cnn_layer_type *, void **self) {
  *self = nullptr;
  return CNN_OK;
}

int run_forward(
    void *, const cnn_host *host, const cnn_operands *operands, const cnn_results *results) {
  return guarded(host, [&] { forward(Block(*operands), elements(results->outputs[0])); });
}

int run_backward(
    void *, const cnn_host *host, const cnn_operands *operands, const cnn_gradients *gradients) {
  return guarded(
      host, [&] { backward(Block(*operands), elements(gradients->upstream[0]), *gradients); });
}

int run_bound(void *, const cnn_host *host, const cnn_question *question, cnn_bound *answer) {
  return guarded(host, [&] { bound(*question, *answer); });
}

const cnn_slot inputs[] = {CNN_SLOT("input", CNN_NUMBERS)};
const cnn_slot parameters[] = {
    CNN_SLOT("weight1", CNN_NUMBERS), CNN_SLOT("weight2", CNN_NUMBERS)};

const cnn_example examples[] = {
    CNN_EXAMPLE("images", "", "input=3x4x2x3 weight1=2x4 weight2=4x2"),
    CNN_EXAMPLE("one channel after the other", "", "input=2x3x5 weight1=3x3 weight2=3x3"),
    CNN_EXAMPLE("no samples", "", "input=0x2x1x1 weight1=1x2 weight2=2x1"),
    {sizeof(cnn_example), 0, "no space", nullptr, "input=2x4 weight1=2x4 weight2=4x2",
     "axes of space", 0},
    {sizeof(cnn_example), 0, "a matrix the wrong way round", nullptr,
     "input=2x4x3 weight1=2x4 weight2=2x4", "(C, R)", 0},
};

const cnn_layer_type block = [] {
  cnn_layer_type type{};
  type.struct_size = sizeof type;
  type.traits = CNN_INDEPENDENT_SAMPLES;
  type.kind = "senet.SqueezeExcite";
  type.formula = "y = x * sigma(W2 max(W1 mean(x), 0))";
  type.inputs = inputs;
  type.input_count = std::size(inputs);
  type.parameters = parameters;
  type.parameter_count = std::size(parameters);
  type.examples = examples;
  type.example_count = std::size(examples);
  type.create = create;
  type.infer = infer;
  type.forward_f64 = run_forward;
  type.backward_f64 = run_backward;
  type.bound = run_bound;
  return type;
}();

const cnn_layer_type *const layers[] = {&block};
const cnn_plugin plugin = {CNN_PLUGIN_HEADER, 1, "senet", CNN_BUILT_WITH, layers};

}  // namespace
}  // namespace senet

extern "C" CNN_EXPORT const cnn_plugin *cnn_plugin_entry() { return &senet::plugin; }
