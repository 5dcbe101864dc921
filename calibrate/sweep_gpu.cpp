// Which shapes a sweep of a GPU visits: the operators of training and serving large models in the types in
// which they run there, from one token to what fills the device for some milliseconds.
#include <algorithm>
#include <array>
#include <cmath>

#include "calibrate/sweep.hpp"
#include "calibrate/sweep_shapes.hpp"

namespace orrery::calibrate {
namespace {

/// `points` shapes of a class in a quick sweep, three times as many in a full one. `weight`: how much earlier
/// than evenly the class comes, because more of the predictions hang on it.
struct ClassPlan {
  const char* name;
  int points;
  double weight;
};

// Each shape of attention costs some tenths of a second before its first call, in which cuDNN compiles a
// kernel.
constexpr std::array<ClassPlan, 54> kClasses{{
    {"gemm_nn_bf16", 48, 3.0},
    {"gemm_nt_bf16", 48, 3.0},
    {"gemm_tn_bf16", 40, 2.0},
    {"gemm_nt_fp8", 40, 2.0},
    {"gemm_nn_fp16", 14, 1.0},
    {"gemm_nt_fp16", 14, 1.0},
    {"gemm_nn_tf32", 14, 1.0},
    {"gemm_nn", 14, 1.0},
    {"gemm_nt", 10, 0.5},
    {"attention_forward_bf16", 28, 3.0},
    {"attention_backward_bf16", 20, 2.0},
    {"attention_forward_fp16", 8, 0.5},
    {"attention_decode_bf16", 48, 3.0},
    {"attention_decode_fp16", 12, 0.5},
    {"copy", 24, 3.0},
    {"copy_h2d", 10, 1.0},
    {"copy_d2h", 10, 1.0},
    {"copy_h2d_pageable", 10, 0.5},
    {"copy_d2h_pageable", 10, 0.5},
    {"launch", 10, 2.0},
    {"graph_replay", 10, 2.0},
    {"rms_norm_forward_bf16", 20, 2.0},
    {"rms_norm_backward_bf16", 16, 1.0},
    {"layer_norm_forward_bf16", 20, 1.0},
    {"layer_norm_backward_bf16", 16, 1.0},
    {"softmax_forward_bf16", 14, 1.0},
    {"softmax_backward_bf16", 14, 1.0},
    {"swiglu_forward_bf16", 14, 2.0},
    {"swiglu_backward_bf16", 14, 1.0},
    {"gelu_forward_bf16", 14, 1.0},
    {"gelu_backward_bf16", 14, 1.0},
    {"relu_forward_bf16", 10, 0.5},
    {"relu_backward_bf16", 10, 0.5},
    {"add_bf16", 14, 2.0},
    {"add", 10, 1.0},
    {"scale", 10, 0.5},
    {"bias_bf16", 12, 0.5},
    {"bias_gradient_bf16", 12, 1.0},
    {"rotary_forward_bf16", 14, 2.0},
    {"rotary_backward_bf16", 10, 1.0},
    {"embedding_forward_bf16", 14, 1.0},
    {"embedding_backward_bf16", 14, 1.0},
    {"cross_entropy_bf16", 20, 2.0},
    {"cross_entropy", 10, 0.5},
    {"adam_bf16", 16, 2.0},
    {"adam", 12, 1.0},
    {"momentum", 10, 0.5},
    {"sgd", 10, 0.5},
    {"transpose_bf16", 14, 0.5},
    {"cast_fp32_bf16", 10, 1.0},
    {"cast_bf16_fp32", 10, 1.0},
    {"cast_fp32_fp16", 10, 0.5},
    {"cast_bf16_fp8", 10, 1.0},
    {"layer_norm_forward", 10, 0.5},
}};

/// fp8 products want multiples of 16.
std::int64_t aligned(std::int64_t size, cost::DType dtype) {
  return dtype == cost::DType::fp8 ? (size + 15) / 16 * 16 : size;
}

/// Tokens times weights, from one token of a decode step to a training batch; every sixth a batch of
/// products.
cost::Op product(const cost::Gemm& kind, const Coordinates& u) {
  cost::Gemm g = kind;
  const bool batched = u[3] > 0.83 && g.dtype != cost::DType::fp8;
  const double most = batched ? 2048 : 16384, least = batched ? 32 : 64;
  g.m = aligned(usual_between(batched ? 32 : 1, most, u[0]), g.dtype);
  g.n = aligned(usual_between(least, 2 * most, u[1]), g.dtype);
  g.k = aligned(usual_between(least, most, u[2]), g.dtype);
  if (batched) g.batch = usual_between(2, 128, (u[3] - 0.83) / 0.17);
  g.bias = !batched && u[3] < 0.2;
  g.gelu = u[3] < 0.1;
  g.accumulate = u[3] > 0.7 && u[3] <= 0.83 && g.dtype != cost::DType::fp8;
  return g;
}

std::int64_t group_of(std::int64_t heads, double u) {
  const std::int64_t wanted = u < 0.4 ? 1 : u < 0.7 ? 4 : 8;
  return std::min(wanted, heads);
}

/// Whole sequences, most of them causal; a quarter are chunks that continue a cached prefix.
cost::Op prefill(const cost::Attention& kind, const Coordinates& u) {
  cost::Attention a = kind;
  a.heads = usual_between(8, 64, u[1]);
  a.heads = std::max<std::int64_t>(8, a.heads / 8 * 8);
  a.kv_heads = a.heads / group_of(a.heads, u[2]);
  a.q_len = usual_between(64, 16384, u[0]);
  a.batch = usual_between(1, 32, u[3]);
  a.head_dim = u[5] < 0.3 ? 64 : 128;
  a.causal = u[5] > 0.1;
  const bool is_chunk = a.pass == cost::Pass::forward && u[3] - std::floor(u[3] * 8.0) / 8.0 < 0.03;
  a.kv_len = is_chunk ? 4 * a.q_len : a.q_len;
  return a;
}

cost::Op decode(const cost::AttentionDecode& kind, const Coordinates& u) {
  cost::AttentionDecode a = kind;
  a.sequences = usual_between(1, 512, u[0]);
  a.context = whole(log_between(64, 32768, u[1]));
  a.heads = std::max<std::int64_t>(8, usual_between(8, 64, u[2]) / 8 * 8);
  a.kv_heads = a.heads / group_of(a.heads, u[3]);
  a.head_dim = u[5] < 0.3 ? 64 : 128;
  a.block = u[5] > 0.8 ? 64 : 16;
  return a;
}

bool uses_bus(const cost::Op& op) {
  const auto* copy = std::get_if<cost::Copy>(&op);
  return copy != nullptr && copy->kind != cost::CopyKind::device;
}

cost::Op shaped(const cost::Op& kind, const ShapeLimits& limits, const Coordinates& u) {
  // Pinning gigabytes of host memory takes longer than all copies of them.
  if (uses_bus(kind)) return row_shape(kind, {.elements = 6.4e7}, u);
  if (const auto* gemm = std::get_if<cost::Gemm>(&kind)) return product(*gemm, u);
  if (const auto* attention = std::get_if<cost::Attention>(&kind)) return prefill(*attention, u);
  if (const auto* step = std::get_if<cost::AttentionDecode>(&kind)) return decode(*step, u);
  return row_shape(kind, limits, u);
}

/// Some milliseconds of a large GPU and a few gigabytes at the most.
bool fits(const cost::Op& op, bool full) {
  double bytes = 0.0;
  for (const cost::Operand& operand : cost::operands(op)) bytes += operand.bytes().value();
  const double speed = cost::dtype(op) == cost::DType::fp32 ? 0.1 : 1.0;  // no matrix units
  return cost::flops(op).value() <= (full ? 1.2e13 : 4e12) * speed && bytes <= (full ? 8e9 : 4e9);
}

struct Ranked {
  double rank;
  Visit visit;
};

void add_class(const ClassPlan& plan, const SweepOptions& options, std::vector<Ranked>& ranked) {
  const cost::Op kind = cost::parse_op(plan.name, "");
  const ShapeLimits limits{.elements = options.full ? 5e8 : 1.3e8,
                           .norm_cols = 16384,
                           .cols = 32768,
                           .classes = 65536,
                           .width = 8192,
                           .vocab = 131072,
                           .table = 5e8};
  LowDiscrepancy sequence(6, stream(options.seed, std::string("gpu sweep ") + plan.name));
  const int wanted = plan.points * (options.full ? 3 : 1);
  for (int made = 0; made < wanted;) {
    const Coordinates& u = sequence.next();
    const cost::Op op = shaped(kind, limits, u);
    if (!fits(op, options.full)) continue;
    // Bus copies and launches have no cache to be in.
    const bool has_levels = !std::holds_alternative<cost::Launch>(op) && !uses_bus(op);
    const Bytes distance = has_levels ? reuse_distance(u[4], 1e6, 256e6) : Bytes(0.0);
    ranked.push_back({(made + 0.5) / wanted / plan.weight, {op, {1, distance}}});
    ++made;
  }
}

}  // namespace

std::vector<std::string> gpu_sweep_classes() {
  std::vector<std::string> names;
  for (const ClassPlan& plan : kClasses) names.emplace_back(plan.name);
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<Visit> gpu_sweep_cases(const SweepOptions& options) {
  std::vector<Ranked> ranked;
  for (const ClassPlan& plan : kClasses) add_class(plan, options, ranked);
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const Ranked& a, const Ranked& b) { return a.rank < b.rank; });
  std::vector<Visit> visits;
  for (Ranked& entry : ranked) visits.push_back(std::move(entry.visit));
  if (options.ranks > 1) add_collective_cases(options, visits);
  return visits;
}

}  // namespace orrery::calibrate
