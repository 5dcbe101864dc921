// The white-box time models of operators: few parameters, each with a physical meaning and a unit. A model is
// plain data plus one formula; `calibrate` fits the data, a profile stores it, FittedModel evaluates it. The
// formulas, where they hold and what they leave out are in docs/models.md.
#pragma once

#include <variant>

#include "costmodel/footprint.hpp"
#include "costmodel/memory_levels.hpp"
#include "costmodel/op.hpp"
#include "sim/base/fields.hpp"
#include "sim/base/units.hpp"

namespace orrery::cost {

/// A matrix product: time = overhead + batch (batch_overhead + smooth_max(compute, memory; overlap)), where
///   compute = [2 M N (k + fill) / peak + pack_a m k + pack_b k n] (1 + busy_slowdown (ranks_busy - 1)),
///   M = m + tile_waste (ceil(m / tile_m) tile_m - m), N likewise,
///   memory  = (traffic_a bytes(A) + traffic_b bytes(B) + traffic_c bytes(C)) seconds_per_byte(working set).
struct GemmModel {
  static constexpr std::string_view kind = "gemm";
  static constexpr std::string_view kind_help = "matrix products: tiles, packing and bandwidth";

  Seconds overhead{1e-6};
  Seconds batch_overhead{2e-7};
  FlopsPerSec peak{1e11};
  double tile_m = 8.0, tile_n = 16.0;
  double tile_waste = 0.5;
  double fill = 8.0;
  Seconds pack_a{1e-10}, pack_b{1e-10};
  double traffic_a = 1.0, traffic_b = 1.0, traffic_c = 1.0;
  double overlap = 2.0;
  double busy_slowdown = 0.05;

  double seconds(const Op& op, const Footprint& footprint, const Conditions& conditions,
                 const MemoryLevels& memory) const;
};

/// Everything that works through rows of elements: element-wise passes, softmax, layer norm, look-ups,
/// cross-entropy, optimizer steps, copies, transposes: time = overhead + rows row_overhead +
/// smooth_max(arithmetic, memory; overlap),
///   arithmetic = elements element_time (1 + busy_slowdown (ranks_busy - 1)),
///   memory     = traffic_factor traffic seconds_per_byte(working set).
struct RowwiseModel {
  static constexpr std::string_view kind = "rowwise";
  static constexpr std::string_view kind_help = "passes over rows of elements: arithmetic or bandwidth";

  Seconds overhead{1e-7};
  Seconds row_overhead{5e-9};
  Seconds element_time{2e-10};
  Seconds tail_time{1e-9};
  double traffic_factor = 1.0;
  double overlap = 2.0;
  double busy_slowdown = 0.05;

  double seconds(const Op& op, const Footprint& footprint, const Conditions& conditions,
                 const MemoryLevels& memory) const;
};

/// Fused attention over whole sequences: time = overhead + smooth_max(compute, memory; overlap), where
///   compute = [operations per pair (pairs + diagonal queries) / peak + tiles tile_time]
///             (1 + busy_slowdown (ranks_busy - 1)),
/// pairs are the visible ones, `diagonal` what is computed in vain per query where a causal mask cuts a tile,
/// tiles the blocks of 128 queries over all heads; memory = traffic_factor traffic seconds_per_byte.
struct AttentionModel {
  static constexpr std::string_view kind = "attention";
  static constexpr std::string_view kind_help = "fused attention: pairs of query and key, tiles, bandwidth";

  Seconds overhead{1e-6};
  FlopsPerSec peak{1e11};
  Seconds tile_time{1e-7};
  double diagonal = 32.0;
  double traffic_factor = 1.0;
  double overlap = 2.0;
  double busy_slowdown = 0.05;

  double seconds(const Op& op, const Footprint& footprint, const Conditions& conditions,
                 const MemoryLevels& memory) const;
};

using OperatorModel = std::variant<GemmModel, RowwiseModel, AttentionModel>;

/// The kind of model that describes this operator, with start values: Gemm, Attention, or row-wise for all
/// others.
OperatorModel default_model(const Op& op);

template <class V>
void fields(V& v, GemmModel& c) {
  v("overhead", c.overhead, "fixed time of one call", between(1e-9, 1e-2));
  v("batch_overhead", c.batch_overhead, "fixed time of one product of a batch", between(1e-9, 1e-2));
  v("peak", c.peak, "rate of the inner kernel", between(1e8, 1e17));
  v("tile_m", c.tile_m, "rows of C in one register tile", between(1, 512));
  v("tile_n", c.tile_n, "columns of C in one register tile", between(1, 512));
  v("tile_waste", c.tile_waste, "share of the padding to whole tiles that costs time", between(1e-3, 1));
  v("fill", c.fill, "time to start and store a tile, in steps of k", between(1e-2, 512));
  v("pack_a", c.pack_a, "time to rearrange one element of A", between(1e-17, 1e-7));
  v("pack_b", c.pack_b, "time to rearrange one element of B", between(1e-17, 1e-7));
  v("traffic_a", c.traffic_a, "bytes really moved per byte of A", between(0.02, 50));
  v("traffic_b", c.traffic_b, "bytes really moved per byte of B", between(0.02, 50));
  v("traffic_c", c.traffic_c, "bytes really moved per byte of C", between(0.02, 50));
  v("overlap", c.overlap, "exponent that joins compute and memory time: 1 adds, large takes the larger",
    between(1, 12));
  v("busy_slowdown", c.busy_slowdown, "growth of the compute time for each further busy rank",
    between(1e-3, 3));
}

template <class V>
void fields(V& v, RowwiseModel& c) {
  v("overhead", c.overhead, "fixed time of one call", between(1e-9, 1e-2));
  v("row_overhead", c.row_overhead, "fixed time of one row", between(1e-15, 1e-4));
  v("element_time", c.element_time, "arithmetic of one element", between(1e-17, 1e-6));
  v("tail_time", c.tail_time, "arithmetic of one element behind the last whole vector of a row",
    between(1e-17, 1e-6));
  v("traffic_factor", c.traffic_factor, "bytes really moved per byte of traffic", between(0.05, 20));
  v("overlap", c.overlap, "exponent that joins arithmetic and memory time: 1 adds, large takes the larger",
    between(1, 12));
  v("busy_slowdown", c.busy_slowdown, "growth of the arithmetic time for each further busy rank",
    between(1e-3, 3));
}

template <class V>
void fields(V& v, AttentionModel& c) {
  v("overhead", c.overhead, "fixed time of one call", between(1e-9, 1e-2));
  v("peak", c.peak, "rate of the inner kernel", between(1e8, 1e17));
  v("tile_time", c.tile_time, "fixed time of a block of 128 queries of one head", between(1e-12, 1e-2));
  v("diagonal", c.diagonal, "masked keys per query that are computed all the same", between(1e-2, 1024));
  v("traffic_factor", c.traffic_factor, "bytes really moved per byte of traffic", between(0.05, 50));
  v("overlap", c.overlap, "exponent that joins compute and memory time: 1 adds, large takes the larger",
    between(1, 12));
  v("busy_slowdown", c.busy_slowdown, "growth of the compute time for each further busy rank",
    between(1e-3, 3));
}

double seconds(const OperatorModel& model, const Op& op, const Footprint& footprint,
               const Conditions& conditions, const MemoryLevels& memory);

}  // namespace orrery::cost
