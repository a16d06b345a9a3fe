// How far rounding may move the results of the block.
//
// u is the unit roundoff, e the underflow threshold, g(n) = nu/(1 - nu), and E_q the largest error of
// a quantity q (standard model: N. J. Higham, Accuracy and Stability of Numerical Algorithms, 2nd
// ed., 2.2 and 3.1). The errors go the way of the formulas:
//
//     E_z  = g(A + 1) mean|x| + A e
//     E_q  = |W1| E_z + g(C) |W1| (|z| + E_z) + C e,   E_h = E_q: max does not widen
//     E_v  = |W2| E_h + g(R) |W2| (h + E_h) + R e
//     E_s  = s (expm1(E_v) + 8u) + e (1 + |v|), at most 1:  |d ln s / dv| <= 1
//     E_st = s t (expm1(E_v) + 12u) + s min(8us, 4t) + e,   t = 1 - s
//     E_y  = |x| E_s + u |y| + e
//
//     E_ds = g(A) sum|dy x| + A e
//     E_dv = (|ds| + E_ds) E_st + st E_ds + 3u |dv| + 2e (1 + |ds|)
//     E_dh = |W2|^T E_dv + g(C) |W2|^T (|dv| + E_dv) + C e
//     E_dq = E_dh where q > E_q; 0 where q < -E_q; else |dh| + E_dh: there the sign of q is open
//     E_dz = |W1|^T E_dq + g(R) |W1|^T (|dq| + E_dq) + R e
//     E_dx = |dy| E_s + u s |dy| + E_dz / A + 2u |dz| / A + u |dx| + 3e
//     E_dW = sum over n of E_a |b| + (|a| + E_a) E_b + g(N) (|a| + E_a) (|b| + E_b), and N e

#include <algorithm>

#include "squeeze_excite.hpp"

namespace senet {
namespace {

Numbers magnitudes(std::span<const double> values) {
  Numbers result(values.begin(), values.end());
  for (double &value : result) value = std::abs(value);
  return result;
}

// E + g(n) (|d| + E) + ..., as it goes into a sum of n terms.
Numbers spread(const Numbers &values, const Numbers &errors, double gamma) {
  Numbers result = errors;
  for (std::size_t i = 0; i < result.size(); i++)
    result[i] += gamma * (std::abs(values[i]) + errors[i]);
  return result;
}

void add(Numbers &errors, double constant) {
  for (double &error : errors) error += constant;
}

}  // namespace

int bound(const cnn_question &question, cnn_bound &answer) {
  const Block block(*question.operands);
  const double u = question.unit, e = question.underflow;
  const auto gamma = [&](int64_t terms) { return cnn_gamma(&question, terms); };
  const int64_t channels = block.channels, reduced = block.reduced, area = block.area;
  const Numbers w1 = magnitudes(block.w1), w2 = magnitudes(block.w2), x = magnitudes(block.x);
  const auto values = elements(answer.values);
  answer.form = CNN_BOUND_ELEMENTWISE;

  Numbers e_z = block.sums(x, {});
  for (double &error : e_z) error = gamma(area + 1) * error / static_cast<double>(area) + area * e;
  Numbers e_q = block.product(w1, reduced, channels, spread(block.z, e_z, gamma(channels)));
  add(e_q, channels * e);
  Numbers e_v = block.product(w2, channels, reduced, spread(block.h, e_q, gamma(reduced)));
  add(e_v, reduced * e);
  Numbers e_s(block.s.size()), e_st(block.s.size());
  for (std::size_t i = 0; i < e_s.size(); i++) {
    const double s = block.s[i], t = sigma(-block.v[i]), wide = std::expm1(e_v[i]);
    e_s[i] = std::min(1.0, s * (wide + 8 * u) + e * (1 + std::abs(block.v[i])));
    e_st[i] = std::min(1.0, s * t * (wide + 12 * u) + s * std::min(8 * u * s, 4 * t) + e);
  }
  if (question.result == CNN_OUTPUT) {
    for (std::size_t i = 0; i < values.size(); i++)
      values[i] = 1.01 * x[i] * (e_s[i / area] + u * block.s[i / area]) + e;
    return CNN_OK;
  }

  const auto dy = elements(question.upstream[0]);
  const Numbers ds = block.sums(dy, block.x), e_ds = block.sums(magnitudes(dy), x);
  Numbers dv = ds, e_dv(ds.size());
  for (std::size_t i = 0; i < dv.size(); i++) {
    const double st = block.s[i] * sigma(-block.v[i]), error = gamma(area) * e_ds[i] + area * e;
    dv[i] *= st;
    e_dv[i] = (std::abs(ds[i]) + error) * e_st[i] + st * error + 3 * u * std::abs(dv[i]) +
              2 * e * (1 + std::abs(ds[i]));
  }
  Numbers dq = block.transposed(block.w2, channels, reduced, dv);
  Numbers e_dq = block.transposed(w2, channels, reduced, spread(dv, e_dv, gamma(channels)));
  add(e_dq, channels * e);
  for (std::size_t i = 0; i < dq.size(); i++) {
    const bool open = std::abs(block.q[i]) <= e_q[i];
    if (open) e_dq[i] += std::abs(dq[i]);
    if (!open && block.q[i] < 0) e_dq[i] = 0;
    if (!(block.q[i] > 0)) dq[i] = 0;
  }
  if (question.result == CNN_INPUT_GRADIENT) {
    const Numbers dz = block.transposed(block.w1, reduced, channels, dq);
    Numbers e_dz = block.transposed(w1, reduced, channels, spread(dq, e_dq, gamma(reduced)));
    add(e_dz, reduced * e);
    for (std::size_t i = 0; i < values.size(); i++) {
      const double direct = std::abs(dy[i]) * block.s[i / area];
      const double mean = std::abs(dz[i / area]) / static_cast<double>(area);
      values[i] = 1.01 * (std::abs(dy[i]) * e_s[i / area] + 2 * u * direct +
                          e_dz[i / area] / static_cast<double>(area) + 3 * u * mean) +
                  3 * e;
    }
    return CNN_OK;
  }

  // dW = sum over n of a b^T.
  const bool first = question.index == 0;
  const Numbers a = magnitudes(first ? dq : dv), b = magnitudes(first ? block.z : block.h);
  const Numbers &e_a = first ? e_dq : e_dv, &e_b = first ? e_z : e_q;
  Numbers part(values.size());
  block.outer(spread(a, e_a, gamma(block.samples)), b, values);
  block.outer(spread(a, e_a, 1 + gamma(block.samples)), e_b, part);
  for (std::size_t i = 0; i < values.size(); i++)
    values[i] = 1.01 * (values[i] + part[i]) + block.samples * e;
  return CNN_OK;
}

}  // namespace senet
