#include "costmodel/operator_models.hpp"

#include <algorithm>
#include <cmath>

#include "sim/base/error.hpp"

namespace orrery::cost {
namespace {

double byte_time(const Footprint& footprint, const Conditions& conditions, const MemoryLevels& memory) {
  return memory.seconds_per_byte(working_set(footprint, conditions), conditions.ranks_busy,
                                 conditions.reuse_time.value());
}

double busy_factor(double slowdown, const Conditions& conditions) {
  return 1.0 + slowdown * std::max(0, conditions.ranks_busy - 1);
}

double padded(double extent, double tile, double waste) {
  return extent + waste * (std::ceil(extent / tile) * tile - extent);
}

}  // namespace

double GemmModel::seconds(const Op& op, const Footprint& footprint, const Conditions& conditions,
                          const MemoryLevels& memory) const {
  const Gemm* gemm = std::get_if<Gemm>(&op);
  SIM_ASSERT(gemm != nullptr, "the GEMM model is asked only for matrix products");
  const auto m = static_cast<double>(gemm->m), n = static_cast<double>(gemm->n);
  const auto k = static_cast<double>(gemm->k), batch = static_cast<double>(gemm->batch);
  const double tiles = 2.0 * padded(m, tile_m, tile_waste) * padded(n, tile_n, tile_waste) * (k + fill);
  const double compute = (tiles / peak.value() + pack_a.value() * m * k + pack_b.value() * k * n) *
                         busy_factor(busy_slowdown, conditions);
  const auto in = static_cast<double>(bytes_of(gemm->dtype));
  const auto out = static_cast<double>(bytes_of(gemm->dtype == DType::fp8 ? DType::bf16 : gemm->dtype));
  const double bytes =
      in * (traffic_a * m * k + traffic_b * k * n) + out * traffic_c * m * n * (gemm->accumulate ? 2.0 : 1.0);
  const double moved = bytes * byte_time(footprint, conditions, memory);
  return overhead.value() + batch * (batch_overhead.value() + smooth_max(compute, moved, overlap));
}

double RowwiseModel::seconds(const Op& op, const Footprint& footprint, const Conditions& conditions,
                             const MemoryLevels& memory) const {
  static_cast<void>(op);
  const double arithmetic =
      (footprint.elements * element_time.value() + footprint.tail_elements * tail_time.value()) *
      busy_factor(busy_slowdown, conditions);
  const double moved = traffic_factor * footprint.traffic * byte_time(footprint, conditions, memory);
  return overhead.value() + footprint.rows * row_overhead.value() + smooth_max(arithmetic, moved, overlap);
}

double AttentionModel::seconds(const Op& op, const Footprint& footprint, const Conditions& conditions,
                               const MemoryLevels& memory) const {
  constexpr double kTile = 128.0;
  const Attention* a = std::get_if<Attention>(&op);
  SIM_ASSERT(a != nullptr, "the attention model is asked only for attention");
  const auto heads = static_cast<double>(a->batch * a->heads), queries = static_cast<double>(a->q_len);
  const double pairs = visible_pairs(*a) + (a->causal ? diagonal * queries : 0.0);
  const double per_pair = (a->pass == Pass::forward ? 4.0 : 10.0) * static_cast<double>(a->head_dim);
  const double compute = heads *
                         (per_pair * pairs / peak.value() + std::ceil(queries / kTile) * tile_time.value()) *
                         busy_factor(busy_slowdown, conditions);
  const double moved = traffic_factor * footprint.traffic * byte_time(footprint, conditions, memory);
  return overhead.value() + smooth_max(compute, moved, overlap);
}

OperatorModel default_model(const Op& op) {
  if (std::holds_alternative<Gemm>(op)) return GemmModel{};
  if (std::holds_alternative<Attention>(op)) return AttentionModel{};
  return RowwiseModel{};
}

double seconds(const OperatorModel& model, const Op& op, const Footprint& footprint,
               const Conditions& conditions, const MemoryLevels& memory) {
  return std::visit([&](const auto& m) { return m.seconds(op, footprint, conditions, memory); }, model);
}

}  // namespace orrery::cost
