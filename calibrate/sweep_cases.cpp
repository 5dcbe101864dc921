// Which shapes a sweep visits: one generator per operator class over a low-discrepancy sequence.
#include <algorithm>
#include <array>
#include <cmath>

#include "calibrate/sweep.hpp"
#include "costmodel/footprint.hpp"
#include "sim/base/error.hpp"
#include "sim/base/portable_math.hpp"

namespace orrery::calibrate {
namespace {

/// The R_d sequence (Roberts 2018): point i has the coordinates frac(start + i g^-(j+1)), with g the root of
/// g^(d+1) = g + 1. Evenly spread for every number of points, so that a sweep may stop anywhere.
class LowDiscrepancy {
 public:
  LowDiscrepancy(std::size_t dimensions, RngStream random) : step_(dimensions), x_(dimensions) {
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
  const std::vector<double>& next() {
    for (std::size_t j = 0; j < x_.size(); ++j) {
      x_[j] += step_[j];
      x_[j] -= std::floor(x_[j]);
    }
    return x_;
  }

 private:
  std::vector<double> step_, x_;
};

double log_between(double low, double high, double u) {
  return portable_exp(portable_log(low) + u * (portable_log(high) - portable_log(low)));
}

/// The size of the list nearest to x on a logarithmic scale.
template <std::size_t N>
std::int64_t nearest_of(const std::array<std::int64_t, N>& sizes, double x) {
  const auto distance = [x](std::int64_t size) { return std::abs(std::log(static_cast<double>(size) / x)); };
  return *std::min_element(sizes.begin(), sizes.end(),
                           [&distance](std::int64_t a, std::int64_t b) { return distance(a) < distance(b); });
}

/// Sizes as they occur in practice, log-uniform between the limits: three quarters of them powers of two and
/// halves between, the others odd (class counts, vocabularies, image sides).
std::int64_t usual_between(double low, double high, double u) {
  constexpr std::array<std::int64_t, 20> even{1,   2,   4,   8,   16,  32,   48,   64,   96,   128,
                                              192, 256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096};
  constexpr std::array<std::int64_t, 20> odd{1,   3,   6,   10,  12,  20,  28,   40,   50,   72,
                                             100, 150, 200, 300, 500, 640, 1000, 1280, 2500, 5000};
  const double x = log_between(low, high, u);
  // The last digits of u decide, so that every stretch of sizes has both sorts.
  const double fraction = 64.0 * u - std::floor(64.0 * u);
  return fraction < 0.75 ? nearest_of(even, x) : nearest_of(odd, x);
}

std::int64_t whole(double x) {
  return std::max<std::int64_t>(1, std::llround(x));
}

/// Hot in three cases of ten, else evenly over the logarithm from well inside the second cache level to far
/// outside the last one.
Bytes reuse_distance(double u) {
  constexpr double kHot = 0.3;
  if (u < kHot) return Bytes(0.0);
  return Bytes(std::round(log_between(128.0 * 1024, 96.0 * 1024 * 1024, (u - kHot) / (1.0 - kHot))));
}

struct Bounds {
  double flops, elements;  ///< largest shape
};

using Coordinates = std::vector<double>;

/// nullptr-like answer (elements = 0) is avoided: a shape that is too large is drawn again by the caller.
cost::Op gemm(const cost::Gemm& transposes, const Coordinates& u) {
  cost::Gemm g = transposes;
  g.m = usual_between(8, 4096, u[0]);
  g.n = usual_between(8, 4096, u[1]);
  g.k = usual_between(8, 4096, u[2]);
  // Every third product is a batch of smaller ones, as attention heads are.
  if (u[3] > 0.67) {
    g.batch = usual_between(2, 128, (u[3] - 0.67) / 0.33);
    g.m = usual_between(8, 512, u[0]);
    g.n = usual_between(8, 512, u[1]);
    g.k = usual_between(8, 512, u[2]);
  }
  g.accumulate = u[3] > 0.25 && u[3] < 0.4;
  return g;
}

/// rows x cols with rows cols log-uniform in [1e3, most]; cols log-uniform where rows >= 1 allows it.
std::pair<std::int64_t, std::int64_t> matrix(double most, double cols_most, const Coordinates& u) {
  const double elements = log_between(1e3, most, u[0]);
  const std::int64_t cols = usual_between(8, std::min(cols_most, elements), u[1]);
  return {whole(elements / static_cast<double>(cols)), cols};
}

cost::Op of_class(const cost::Op& kind, double most, const Coordinates& u) {
  cost::Op op = kind;
  if (auto* softmax = std::get_if<cost::Softmax>(&op)) {
    softmax->causal = u[2] > 0.5;
    std::tie(softmax->rows, softmax->cols) = matrix(most, softmax->causal ? 2048 : 4096, u);
    softmax->scale_dim = softmax->causal ? 64 : 0;
  } else if (auto* norm = std::get_if<cost::LayerNorm>(&op)) {
    std::tie(norm->rows, norm->cols) = matrix(most, 4096, u);
  } else if (auto* elementwise = std::get_if<cost::Elementwise>(&op)) {
    std::tie(elementwise->rows, elementwise->cols) = matrix(most, 8192, u);
  } else if (auto* loss = std::get_if<cost::CrossEntropy>(&op)) {
    std::tie(loss->rows, loss->classes) = matrix(most, 8192, u);
  } else if (auto* embedding = std::get_if<cost::Embedding>(&op)) {
    std::tie(embedding->tokens, embedding->width) = matrix(0.25 * most, 1024, u);
    const double vocab_most = std::clamp(2e6 / static_cast<double>(embedding->width), 64.0, 65536.0);
    embedding->vocab = whole(log_between(32, vocab_most, u[2]));
  } else if (auto* step = std::get_if<cost::OptimizerStep>(&op)) {
    step->params = whole(log_between(1e3, most, u[0]));
  } else if (auto* copy = std::get_if<cost::Copy>(&op)) {
    copy->elements = whole(log_between(1e3, most, u[0]));
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

/// A look-up touches a small part of a large table: distances that would need gigabytes of tables are
/// shortened.
Bytes affordable(Bytes distance, const cost::Op& op) {
  constexpr double kAllocatedMost = 256.0 * 1024 * 1024;
  double allocated = 0.0;
  for (const cost::Operand& operand : cost::operands(op)) allocated += operand.bytes().value();
  const double touched = cost::footprint(op).operand_bytes;
  return Bytes(std::round(std::min(distance.value(), kAllocatedMost * touched / allocated)));
}

bool fits(const cost::Op& op, const Bounds& bounds) {
  double elements = 0.0;
  for (const cost::Operand& operand : cost::operands(op)) elements += static_cast<double>(operand.elements);
  return cost::flops(op).value() <= bounds.flops && elements <= 5.0 * bounds.elements;
}

/// More points where the shape has more dimensions and where training spends its time.
int points_of(const cost::Op& op, bool full) {
  const int factor = full ? 3 : 1;
  if (std::holds_alternative<cost::Gemm>(op)) return 112 * factor;
  if (std::holds_alternative<cost::Copy>(op)) return 36 * factor;  // the machine's bandwidths hang on it
  if (std::holds_alternative<cost::Softmax>(op) || std::holds_alternative<cost::LayerNorm>(op))
    return 32 * factor;
  if (std::holds_alternative<cost::Embedding>(op)) return 16 * factor;
  return 24 * factor;
}

void add_operator(const cost::Op& kind, const SweepOptions& options, std::vector<Visit>& visits) {
  const Bounds bounds{options.full ? 2e9 : 5e8, options.full ? 1.6e7 : 4e6};
  LowDiscrepancy sequence(6, stream(options.seed, "sweep " + cost::class_name(kind)));
  const int wanted = points_of(kind, options.full);
  for (int made = 0; made < wanted;) {
    const Coordinates& u = sequence.next();
    const auto* transposes = std::get_if<cost::Gemm>(&kind);
    const cost::Op op = transposes != nullptr ? gemm(*transposes, u) : of_class(kind, bounds.elements, u);
    if (!fits(op, bounds)) continue;
    const int busy = options.ranks > 1 && u[5] > 0.5 ? options.ranks : 1;
    visits.push_back({op, {busy, affordable(reuse_distance(u[4]), op)}});
    ++made;
  }
}

void add_collectives(const SweepOptions& options, std::vector<Visit>& visits) {
  constexpr int kOctaves = 23;  // 8 bytes to 64 MiB
  for (const std::string& name : cost::collective_names()) {
    const cost::CollectiveKind kind = cost::collective_kind(name);
    // Gradients are summed by all-reduce: it gets twice the points.
    const int per_octave = options.full || kind == cost::CollectiveKind::all_reduce ? 2 : 1;
    std::vector<double> sizes;
    for (int i = 0; i <= kOctaves * per_octave; ++i) sizes.push_back(8.0 * std::exp2(1.0 * i / per_octave));
    if (kind == cost::CollectiveKind::barrier) sizes = {0.0};
    for (const double size : sizes) {
      const Bytes whole_words(8.0 * std::round(size / 8.0));
      visits.push_back({cost::CollectiveCase{kind, whole_words, options.ranks}, {options.ranks, Bytes(0.0)}});
    }
  }
}

}  // namespace

std::vector<Visit> sweep_cases(const SweepOptions& options) {
  SIM_ASSERT(options.ranks >= 1, "a sweep has at least one rank");
  std::vector<Visit> visits;
  for (const std::string& name : cost::class_names()) {
    if (name == "gemm_tt") continue;  // nothing uses it; it borrows another product's formula
    add_operator(cost::parse_op(name, ""), options, visits);
  }
  if (options.ranks > 1) add_collectives(options, visits);
  return visits;
}

}  // namespace orrery::calibrate
