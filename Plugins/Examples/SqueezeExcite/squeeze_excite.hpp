// senet.SqueezeExcite: channels weighted by what the whole image says of them.
//
// Source: J. Hu, L. Shen, G. Sun, Squeeze-and-Excitation Networks, CVPR 2018, equations 2 to 4.
//
//     z[n,c] = mean over a of x[n,c,a]           squeeze, A elements
//     q = W1 z,  h = max(q, 0)                   excite
//     v = W2 h,  s = sigma(v)
//     y[n,c,a] = s[n,c] x[n,c,a]                 scale
//
// Backward, with the sums over space in ds and over samples in dW1 and dW2:
//
//     ds[n,c] = sum over a of dy x,  dv = ds s (1 - s)
//     dW2 = sum over n of dv h^T,    dh = W2^T dv
//     dq = dh where q > 0, else 0
//     dW1 = sum over n of dq z^T,    dz = W1^T dq
//     dx[n,c,a] = s dy + dz / A
//
// Shapes: x (N, C, ...), W1 (R, C), W2 (C, R) -> y like x.

#pragma once

#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "cnn_layer.h"

namespace senet {

using Numbers = std::vector<double>;

inline std::span<double> elements(const cnn_tensor *tensor) {
  return {static_cast<double *>(tensor->data), static_cast<std::size_t>(tensor->count)};
}

// 1 / (1 + exp(-x)), without overflow.
inline double sigma(double x) {
  return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x));
}

// The block with its operands, and all that lies between input and output.
struct Block {
  std::span<const double> x, w1, w2;
  int64_t samples, channels, area, reduced;
  Numbers z, q, h, v, s;

  explicit Block(const cnn_operands &operands)
      : x(elements(operands.inputs[0])),
        w1(elements(operands.parameters[0])),
        w2(elements(operands.parameters[1])),
        samples(operands.inputs[0]->shape[0]),
        channels(operands.inputs[0]->shape[1]),
        area(1),
        reduced(operands.parameters[0]->shape[0]) {
    for (uint32_t axis = 2; axis < operands.inputs[0]->rank; axis++)
      area *= operands.inputs[0]->shape[axis];
    z = sums(x, {});
    for (double &value : z) value /= static_cast<double>(area);
    q = product(w1, reduced, channels, z);
    h = q;
    for (double &value : h) value = value > 0 ? value : 0 * value;
    v = product(w2, channels, reduced, h);
    s = v;
    for (double &value : s) value = sigma(value);
  }

  // The sum over space of x, or of x * y where y is not empty.
  Numbers sums(std::span<const double> x, std::span<const double> y) const {
    Numbers result(samples * channels);
    for (std::size_t i = 0; i < x.size(); i++)
      result[i / area] += y.empty() ? x[i] : x[i] * y[i];
    return result;
  }

  // W x for each sample, W of `rows` rows.
  Numbers product(
      std::span<const double> w, int64_t rows, int64_t columns, std::span<const double> x) const {
    Numbers result(samples * rows);
    for (int64_t n = 0; n < samples; n++)
      for (int64_t r = 0; r < rows; r++)
        for (int64_t c = 0; c < columns; c++)
          result[n * rows + r] += w[r * columns + c] * x[n * columns + c];
    return result;
  }

  // W^T x for each sample.
  Numbers transposed(
      std::span<const double> w, int64_t rows, int64_t columns, std::span<const double> x) const {
    Numbers result(samples * columns);
    for (int64_t n = 0; n < samples; n++)
      for (int64_t r = 0; r < rows; r++)
        for (int64_t c = 0; c < columns; c++)
          result[n * columns + c] += w[r * columns + c] * x[n * rows + r];
    return result;
  }

  // The sum over samples of a b^T, into a matrix.
  void outer(std::span<const double> a, std::span<const double> b, std::span<double> w) const {
    const std::size_t columns = samples ? b.size() / samples : 1;
    for (double &value : w) value = 0;
    for (int64_t n = 0; n < samples; n++)
      for (std::size_t i = 0; i < w.size(); i++)
        w[i] += a[n * (w.size() / columns) + i / columns] * b[n * columns + i % columns];
  }
};

int bound(const cnn_question &question, cnn_bound &answer);

}  // namespace senet
