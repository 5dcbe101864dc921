// Attention, root-mean-square normalisation, SwiGLU and rotary embedding in double precision, written from
// their formulas, in the operand order and layouts of costmodel/op.hpp.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "tests/cpu/kernel_reference.hpp"

namespace orrery::cpu_reference {

struct AttentionResult {
  Reals o, lse;
};

/// o = softmax(q k^T / sqrt(d)) v per head. A causal query i sees keys j with j <= kv_len - q_len + i.
inline AttentionResult attention(const cost::Attention& op, const Reals& q, const Reals& k, const Reals& v) {
  const auto d = static_cast<std::size_t>(op.head_dim);
  AttentionResult result{Reals(q.size(), 0.0),
                         Reals(static_cast<std::size_t>(op.batch * op.heads * op.q_len), -INFINITY)};
  for (std::int64_t b = 0; b < op.batch; ++b) {
    for (std::int64_t h = 0; h < op.heads; ++h) {
      const std::int64_t kv_head = h * op.kv_heads / op.heads;
      for (std::int64_t i = 0; i < op.q_len; ++i) {
        const auto row = static_cast<std::size_t>((b * op.q_len + i) * op.heads + h) * d;
        Reals weights;
        std::vector<std::size_t> places;
        double sum = 0.0;
        for (std::int64_t j = 0; j < op.kv_len; ++j) {
          if (op.causal && j > op.kv_len - op.q_len + i) continue;
          places.push_back(static_cast<std::size_t>((b * op.kv_len + j) * op.kv_heads + kv_head) * d);
          double score = 0.0;
          for (std::size_t x = 0; x < d; ++x) score += q[row + x] * k[places.back() + x];
          weights.push_back(std::exp(score / std::sqrt(static_cast<double>(op.head_dim))));
          sum += weights.back();
        }
        for (std::size_t j = 0; j < places.size(); ++j) {
          for (std::size_t x = 0; x < d; ++x) result.o[row + x] += weights[j] / sum * v[places[j] + x];
        }
        const auto place = static_cast<std::size_t>((b * op.heads + h) * op.q_len + i);
        if (!places.empty()) result.lse[place] = std::log(sum);
      }
    }
  }
  return result;
}

/// One token per sequence against the first lengths[s] tokens of its pages.
inline Reals attention_decode(const cost::AttentionDecode& op, const Reals& q, const Reals& keys,
                              const Reals& values, const Reals& table, const Reals& lengths) {
  const std::int64_t step = op.kv_heads * op.head_dim;
  Reals out;
  for (std::int64_t s = 0; s < op.sequences; ++s) {
    // Gathers the sequence into dense keys and values, then it is attention of one query.
    Reals k;
    Reals v;
    const auto length = static_cast<std::int64_t>(lengths[static_cast<std::size_t>(s)]);
    for (std::int64_t j = 0; j < length; ++j) {
      const auto page =
          static_cast<std::int64_t>(table[static_cast<std::size_t>(s * op.pages() + j / op.block)]);
      const std::int64_t place = (page * op.block + j % op.block) * step;
      k.insert(k.end(), keys.begin() + place, keys.begin() + place + step);
      v.insert(v.end(), values.begin() + place, values.begin() + place + step);
    }
    const std::int64_t row = op.heads * op.head_dim;
    const Reals query(q.begin() + s * row, q.begin() + (s + 1) * row);
    const cost::Attention one{1, op.heads, op.kv_heads, 1, length, op.head_dim};
    const Reals o = attention(one, query, k, v).o;
    out.insert(out.end(), o.begin(), o.end());
  }
  return out;
}

inline Reals rms_norm(const cost::RmsNorm& op, const Reals& x, const Reals& gamma) {
  Reals y(x.size());
  const auto cols = static_cast<std::size_t>(op.cols);
  for (std::size_t row = 0; row < x.size(); row += cols) {
    double square = 0.0;
    for (std::size_t i = 0; i < cols; ++i) square += x[row + i] * x[row + i] / static_cast<double>(cols);
    for (std::size_t i = 0; i < cols; ++i) y[row + i] = gamma[i] * x[row + i] / std::sqrt(square + 1e-5);
  }
  return y;
}

inline Reals swiglu(const Reals& gate, const Reals& up) {
  Reals y;
  for (std::size_t i = 0; i < gate.size(); ++i) y.push_back(gate[i] / (1.0 + std::exp(-gate[i])) * up[i]);
  return y;
}

/// Pair (x_i, x_{i + d/2}) of a head turned by the angle position / 10000^(2i/d).
inline Reals rotary(const cost::Rotary& op, Reals x, const Reals& positions) {
  const auto half = static_cast<std::size_t>(op.head_dim / 2);
  const auto heads = static_cast<std::size_t>(op.heads);
  for (std::size_t t = 0; t < positions.size(); ++t) {
    for (std::size_t h = 0; h < heads; ++h) {
      double* head = x.data() + (t * heads + h) * 2 * half;
      for (std::size_t i = 0; i < half; ++i) {
        const double angle =
            positions[t] / std::pow(10000.0, static_cast<double>(i) / static_cast<double>(half));
        const double turned = head[i] * std::cos(angle) - head[i + half] * std::sin(angle);
        head[i + half] = head[i] * std::sin(angle) + head[i + half] * std::cos(angle);
        head[i] = turned;
      }
    }
  }
  return x;
}

}  // namespace orrery::cpu_reference
