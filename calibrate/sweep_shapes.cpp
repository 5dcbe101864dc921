#include "calibrate/sweep_shapes.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <tuple>
#include <utility>

#include "sim/base/portable_math.hpp"

namespace orrery::calibrate {

LowDiscrepancy::LowDiscrepancy(std::size_t dimensions, RngStream random) : step_(dimensions), x_(dimensions) {
  double g = 2.0;
  for (int i = 0; i < 60; ++i) {
    g = portable_exp(portable_log(1.0 + g) / static_cast<double>(dimensions + 1));
  }
  double power = 1.0;
  for (std::size_t j = 0; j < dimensions; ++j) {
    power /= g;
    step_[j] = power;
    x_[j] = random.uniform();
  }
}

const std::vector<double>& LowDiscrepancy::next() {
  for (std::size_t j = 0; j < x_.size(); ++j) {
    x_[j] += step_[j];
    x_[j] -= std::floor(x_[j]);
  }
  return x_;
}

double log_between(double low, double high, double u) {
  return portable_exp(portable_log(low) + u * (portable_log(high) - portable_log(low)));
}

namespace {

/// The size of the list nearest to x on a logarithmic scale.
template <std::size_t N>
std::int64_t nearest_of(const std::array<std::int64_t, N>& sizes, double x) {
  const auto distance = [x](std::int64_t size) { return std::abs(std::log(static_cast<double>(size) / x)); };
  return *std::min_element(sizes.begin(), sizes.end(),
                           [&distance](std::int64_t a, std::int64_t b) { return distance(a) < distance(b); });
}

}  // namespace

std::int64_t usual_between(double low, double high, double u) {
  constexpr std::array<std::int64_t, 28> even{1,    2,    4,     8,     16,    32,    48,    64,   96,   128,
                                              192,  256,  384,   512,   768,   1024,  1536,  2048, 3072, 4096,
                                              6144, 8192, 12288, 16384, 24576, 32768, 49152, 65536};
  constexpr std::array<std::int64_t, 28> odd{1,    3,     6,     10,    12,    20,    28,    40,   50,   72,
                                             100,  150,   200,   300,   500,   640,   1000,  1280, 2500, 5000,
                                             6400, 11008, 14336, 20000, 28672, 32000, 50257, 65000};
  const double x = log_between(low, high, u);
  // The last digits of u decide, so that every stretch of sizes has both sorts.
  const double fraction = 64.0 * u - std::floor(64.0 * u);
  return fraction < 0.75 ? nearest_of(even, x) : nearest_of(odd, x);
}

std::int64_t whole(double x) {
  return std::max<std::int64_t>(1, std::llround(x));
}

Bytes reuse_distance(double u, double low, double high) {
  constexpr double kHot = 0.3;
  if (u < kHot) return Bytes(0.0);
  return Bytes(std::round(log_between(low, high, (u - kHot) / (1.0 - kHot))));
}

namespace {

/// rows x cols with rows cols log-uniform in [1e3, most]; cols log-uniform where rows >= 1 allows it.
std::pair<std::int64_t, std::int64_t> matrix(double most, double cols_most, const Coordinates& u) {
  const double elements = log_between(1e3, most, u[0]);
  const std::int64_t cols = usual_between(8, std::min(cols_most, elements), u[1]);
  return {whole(elements / static_cast<double>(cols)), cols};
}

}  // namespace

cost::Op row_shape(const cost::Op& kind, const ShapeLimits& limits, const Coordinates& u) {
  cost::Op op = kind;
  const double most = limits.elements;
  if (auto* softmax = std::get_if<cost::Softmax>(&op)) {
    softmax->causal = u[2] > 0.5;
    std::tie(softmax->rows, softmax->cols) =
        matrix(most, softmax->causal ? 0.5 * limits.norm_cols : limits.norm_cols, u);
    softmax->scale_dim = softmax->causal ? 64 : 0;
  } else if (auto* norm = std::get_if<cost::LayerNorm>(&op)) {
    std::tie(norm->rows, norm->cols) = matrix(most, limits.norm_cols, u);
  } else if (auto* rms = std::get_if<cost::RmsNorm>(&op)) {
    std::tie(rms->rows, rms->cols) = matrix(most, limits.norm_cols, u);
  } else if (auto* elementwise = std::get_if<cost::Elementwise>(&op)) {
    std::tie(elementwise->rows, elementwise->cols) = matrix(most, limits.cols, u);
  } else if (auto* loss = std::get_if<cost::CrossEntropy>(&op)) {
    std::tie(loss->rows, loss->classes) = matrix(most, limits.classes, u);
  } else if (auto* embedding = std::get_if<cost::Embedding>(&op)) {
    std::tie(embedding->tokens, embedding->width) = matrix(0.25 * most, limits.width, u);
    const double vocab_most =
        std::clamp(limits.table / static_cast<double>(embedding->width), 64.0, limits.vocab);
    embedding->vocab = whole(log_between(32, vocab_most, u[2]));
  } else if (auto* step = std::get_if<cost::OptimizerStep>(&op)) {
    step->params = whole(log_between(1e3, most, u[0]));
  } else if (auto* copy = std::get_if<cost::Copy>(&op)) {
    copy->elements = whole(log_between(1e3, most, u[0]));
  } else if (auto* cast = std::get_if<cost::Cast>(&op)) {
    cast->elements = whole(log_between(1e3, most, u[0]));
  } else if (auto* rotary = std::get_if<cost::Rotary>(&op)) {
    rotary->head_dim = u[1] < 0.3 ? 64 : 128;
    rotary->heads = usual_between(1, 64, u[2]);
    rotary->tokens =
        whole(log_between(1e3, most, u[0]) / static_cast<double>(rotary->heads * rotary->head_dim));
  } else if (auto* launch = std::get_if<cost::Launch>(&op)) {
    launch->kernels = whole(log_between(1, 256, u[0]));
  } else if (auto* transpose = std::get_if<cost::Transpose>(&op)) {
    transpose->inner = usual_between(8, 128, u[1]);
    transpose->cols = usual_between(2, 32, u[2]);
    transpose->batch = usual_between(1, 64, u[3]);
    const double rest = log_between(1e3, most, u[0]) /
                        static_cast<double>(transpose->inner * transpose->cols * transpose->batch);
    transpose->rows = whole(rest);
  }
  return op;
}

}  // namespace orrery::calibrate
