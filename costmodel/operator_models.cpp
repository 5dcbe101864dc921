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
  const double bytes =
      4.0 * (traffic_a * m * k + traffic_b * k * n + traffic_c * m * n * (gemm->accumulate ? 2.0 : 1.0));
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

double seconds(const OperatorModel& model, const Op& op, const Footprint& footprint,
               const Conditions& conditions, const MemoryLevels& memory) {
  return std::visit([&](const auto& m) { return m.seconds(op, footprint, conditions, memory); }, model);
}

}  // namespace orrery::cost
