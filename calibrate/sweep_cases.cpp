// Which shapes a sweep of a CPU visits: one generator per operator class over a low-discrepancy sequence.
#include <algorithm>
#include <cmath>

#include "calibrate/sweep.hpp"
#include "calibrate/sweep_shapes.hpp"
#include "costmodel/footprint.hpp"
#include "sim/base/error.hpp"

namespace orrery::calibrate {
namespace {

struct Bounds {
  double flops, elements;  ///< largest shape
};

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
    const cost::Op op =
        transposes != nullptr ? gemm(*transposes, u) : row_shape(kind, {.elements = bounds.elements}, u);
    if (!fits(op, bounds)) continue;
    const int busy = options.ranks > 1 && u[5] > 0.5 ? options.ranks : 1;
    visits.push_back({op, {busy, affordable(reuse_distance(u[4], 128.0 * 1024, 96.0 * 1024 * 1024), op)}});
    ++made;
  }
}

}  // namespace

std::vector<std::string> cpu_sweep_classes() {
  // What the models that CPU ranks train are made of; gemm_tt would borrow another product's formula.
  return {"adam",
          "add",
          "bias",
          "bias_gradient",
          "copy",
          "cross_entropy",
          "embedding_backward",
          "embedding_forward",
          "gelu_backward",
          "gelu_forward",
          "gemm_nn",
          "gemm_nt",
          "gemm_tn",
          "layer_norm_backward",
          "layer_norm_forward",
          "momentum",
          "relu_backward",
          "relu_forward",
          "scale",
          "sgd",
          "softmax_backward",
          "softmax_forward",
          "transpose"};
}

void add_collective_cases(const SweepOptions& options, std::vector<Visit>& visits) {
  const int octaves = options.target == SweepTarget::gpu ? 27 : 23;  // 8 bytes to 1 GiB or 64 MiB
  for (const std::string& name : cost::measured_collective_names()) {
    const cost::CollectiveKind kind = cost::collective_kind(name);
    // Gradients are summed by all-reduce: it gets twice the points.
    const int per_octave = options.full || kind == cost::CollectiveKind::all_reduce ? 2 : 1;
    std::vector<double> sizes;
    for (int i = 0; i <= octaves * per_octave; ++i) sizes.push_back(8.0 * std::exp2(1.0 * i / per_octave));
    if (kind == cost::CollectiveKind::barrier) sizes = {0.0};
    for (const double size : sizes) {
      const Bytes whole_words(8.0 * std::round(size / 8.0));
      visits.push_back({cost::CollectiveCase{kind, whole_words, options.ranks}, {options.ranks, Bytes(0.0)}});
    }
  }
}

std::vector<Visit> cpu_sweep_cases(const SweepOptions& options) {
  SIM_ASSERT(options.ranks >= 1, "a sweep has at least one rank");
  std::vector<Visit> visits;
  for (const std::string& name : sweep_classes(SweepTarget::cpu)) {
    add_operator(cost::parse_op(name, ""), options, visits);
  }
  if (options.ranks > 1) add_collective_cases(options, visits);
  return visits;
}

}  // namespace orrery::calibrate
