// Double-precision kernels written from their formulas, one loop per formula: what the fast kernels are
// compared with and what finite differences are taken of. Arrays are in the operand order of
// costmodel/op.hpp.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "costmodel/op.hpp"
#include "sim/base/rng.hpp"

namespace orrery::cpu_reference {

using Reals = std::vector<double>;

/// Values that a float holds exactly, so that both sides start from the same numbers.
inline Reals random_reals(std::int64_t count, const char* name, double low = -1.0, double high = 1.0) {
  RngStream draws = stream(Seed{7}, name);
  Reals values(static_cast<std::size_t>(count));
  for (double& value : values) value = static_cast<float>(draws.uniform(low, high));
  return values;
}

inline std::vector<std::int32_t> random_ids(std::int64_t count, std::int64_t bound, const char* name) {
  RngStream draws = stream(Seed{7}, name);
  std::vector<std::int32_t> ids(static_cast<std::size_t>(count));
  for (auto& id : ids) id = static_cast<std::int32_t>(draws.below(static_cast<std::uint64_t>(bound)));
  return ids;
}

inline Reals gemm(const cost::Gemm& op, const Reals& a, const Reals& b, const Reals& c) {
  Reals out(c.size());
  const auto at = [](const Reals& m, std::int64_t i) { return m[static_cast<std::size_t>(i)]; };
  for (std::int64_t p = 0; p < op.batch; ++p) {
    for (std::int64_t i = 0; i < op.m; ++i) {
      for (std::int64_t j = 0; j < op.n; ++j) {
        const std::int64_t place = (p * op.m + i) * op.n + j;
        double sum = op.accumulate ? at(c, place) : 0.0;
        for (std::int64_t l = 0; l < op.k; ++l) {
          const std::int64_t ia = op.trans_a ? l * op.m + i : i * op.k + l;
          const std::int64_t ib = op.trans_b ? j * op.k + l : l * op.n + j;
          sum += at(a, p * op.m * op.k + ia) * at(b, p * op.k * op.n + ib);
        }
        out[static_cast<std::size_t>(place)] = sum;
      }
    }
  }
  return out;
}

inline Reals softmax(const cost::Softmax& op, const Reals& x) {
  Reals y(x.size(), 0.0);
  const double k = op.scale_dim > 0 ? 1.0 / std::sqrt(static_cast<double>(op.scale_dim)) : 1.0;
  for (std::int64_t r = 0; r < op.rows; ++r) {
    const auto row = static_cast<std::size_t>(r * op.cols);
    const auto seen = static_cast<std::size_t>(op.causal ? r % op.cols + 1 : op.cols);
    double sum = 0.0;
    for (std::size_t i = 0; i < seen; ++i) sum += std::exp(k * x[row + i]);
    for (std::size_t i = 0; i < seen; ++i) y[row + i] = std::exp(k * x[row + i]) / sum;
  }
  return y;
}

inline Reals layer_norm(const cost::LayerNorm& op, const Reals& x, const Reals& gamma, const Reals& beta) {
  Reals y(x.size());
  const auto cols = static_cast<std::size_t>(op.cols);
  for (std::size_t row = 0; row < x.size(); row += cols) {
    double mean = 0.0;
    double variance = 0.0;
    for (std::size_t i = 0; i < cols; ++i) mean += x[row + i] / static_cast<double>(cols);
    for (std::size_t i = 0; i < cols; ++i) {
      variance += (x[row + i] - mean) * (x[row + i] - mean) / static_cast<double>(cols);
    }
    for (std::size_t i = 0; i < cols; ++i) {
      y[row + i] = gamma[i] * (x[row + i] - mean) / std::sqrt(variance + 1e-5) + beta[i];
    }
  }
  return y;
}

inline Reals gelu(const Reals& x) {
  Reals y;
  for (const double v : x) {
    y.push_back(0.5 * v * (1.0 + std::tanh(std::sqrt(2.0 / M_PI) * (v + 0.044715 * v * v * v))));
  }
  return y;
}

inline double cross_entropy(const cost::CrossEntropy& op, const Reals& logits,
                            const std::vector<std::int32_t>& labels) {
  double loss = 0.0;
  for (std::size_t r = 0; r < labels.size(); ++r) {
    const double* row = logits.data() + r * static_cast<std::size_t>(op.classes);
    double sum = 0.0;
    for (std::int64_t i = 0; i < op.classes; ++i) sum += std::exp(row[i]);
    loss += std::log(sum) - row[labels[r]];
  }
  return loss / static_cast<double>(labels.size());
}

/// d f / d x_i by central differences, for all i.
template <class F>
Reals finite_differences(const F& f, Reals x) {
  const double h = 1e-5;
  Reals gradient;
  for (double& value : x) {
    const double kept = value;
    value = kept + h;
    const double up = f(x);
    value = kept - h;
    const double down = f(x);
    value = kept;
    gradient.push_back((up - down) / (2.0 * h));
  }
  return gradient;
}

inline double dot(const Reals& a, const Reals& b) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

}  // namespace orrery::cpu_reference
