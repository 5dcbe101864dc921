// Attention in plain loops and doubles, forward and backward, as costmodel/op.hpp states it: what the tests
// hold the kernels and the graphs against.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "costmodel/op.hpp"

namespace orrery::testing {

struct AttentionNumbers {
  std::vector<double> q, k, v, o, lse, d_o, dq, dk, dv;
};

/// Inputs drawn once per shape, rounded by `round`; everything else computed from them.
template <class Round>
AttentionNumbers attention_reference(const cost::Attention& a, Round round) {
  AttentionNumbers n;
  const auto queries = static_cast<std::size_t>(a.batch * a.q_len * a.heads * a.head_dim);
  const auto keys = static_cast<std::size_t>(a.batch * a.kv_len * a.kv_heads * a.head_dim);
  unsigned state = 12345;
  const auto draw = [&](std::vector<double>& into, std::size_t count) {
    into.resize(count);
    for (double& x : into) {  // the sum of a few uniform numbers: near enough to normal
      x = -2.0;
      for (int i = 0; i < 4; ++i) state = state * 1664525U + 1013904223U, x += (state >> 8) / 16777216.0;
      x = round(1.7 * x);
    }
  };
  draw(n.q, queries), draw(n.k, keys), draw(n.v, keys), draw(n.d_o, queries);
  n.o.assign(queries, 0.0), n.dq.assign(queries, 0.0), n.dk.assign(keys, 0.0), n.dv.assign(keys, 0.0);
  n.lse.assign(static_cast<std::size_t>(a.batch * a.heads * a.q_len),
               -std::numeric_limits<double>::infinity());
  const double scale = 1.0 / std::sqrt(static_cast<double>(a.head_dim));
  const std::int64_t d = a.head_dim;
  for (std::int64_t row = 0; row < a.batch * a.heads * a.q_len; ++row) {
    const std::int64_t i = row % a.q_len, h = row / a.q_len % a.heads, b = row / a.q_len / a.heads;
    const std::size_t q0 = static_cast<std::size_t>(((b * a.q_len + i) * a.heads + h) * d);
    const auto k0 = [&](std::int64_t j) {
      return static_cast<std::size_t>(((b * a.kv_len + j) * a.kv_heads + h / (a.heads / a.kv_heads)) * d);
    };
    const auto dot = [&](const std::vector<double>& x, std::size_t x0, const std::vector<double>& y,
                         std::size_t y0) {
      double sum = 0.0;
      for (std::size_t e = 0; e < static_cast<std::size_t>(d); ++e) sum += x[x0 + e] * y[y0 + e];
      return sum;
    };
    const std::int64_t end = a.causal ? std::min(a.kv_len, a.kv_len - a.q_len + i + 1) : a.kv_len;
    if (end <= 0) continue;
    std::vector<double> p;
    double sum = 0.0;
    for (std::int64_t j = 0; j < end; ++j) sum += p.emplace_back(std::exp(scale * dot(n.q, q0, n.k, k0(j))));
    n.lse[static_cast<std::size_t>(row)] = std::log(sum);
    for (std::int64_t j = 0; j < end; ++j) {
      for (std::size_t e = 0; e < static_cast<std::size_t>(d); ++e)
        n.o[q0 + e] += p[j] / sum * n.v[k0(j) + e];
    }
    const double shared = dot(n.o, q0, n.d_o, q0);
    for (std::int64_t j = 0; j < end; ++j) {
      const double weight = p[j] / sum, ds = weight * (dot(n.d_o, q0, n.v, k0(j)) - shared) * scale;
      for (std::size_t e = 0; e < static_cast<std::size_t>(d); ++e) {
        n.dq[q0 + e] += ds * n.k[k0(j) + e];
        n.dk[k0(j) + e] += ds * n.q[q0 + e];
        n.dv[k0(j) + e] += weight * n.d_o[q0 + e];
      }
    }
  }
  return n;
}

/// Largest difference relative to the largest magnitude; infinite when a number is missing (not a number).
/// Equal infinities agree.
template <class T>
double relative_error(const std::vector<T>& found, const std::vector<double>& wanted) {
  double worst = 0.0, largest = 0.0;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const auto x = static_cast<double>(static_cast<float>(found[i]));
    if (std::isinf(wanted[i]) && x == wanted[i]) continue;
    const double difference = std::abs(x - wanted[i]);
    if (!(difference < std::numeric_limits<double>::infinity()))
      return std::numeric_limits<double>::infinity();
    worst = std::max(worst, difference);
    largest = std::max(largest, std::abs(wanted[i]));
  }
  return largest > 0.0 ? worst / largest : worst;
}

}  // namespace orrery::testing
