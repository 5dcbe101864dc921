#include "sim/collective/algorithms/layers.hpp"

#include <algorithm>
#include <utility>

namespace orrery::collective {

namespace {

/// The part of the request that one group of a layer does.
PlanRequest part_of(const PlanRequest& request, std::size_t layer, CollectiveKind kind) {
  PlanRequest part;
  part.kind = kind;
  part.elements = request.elements;
  const std::vector<int> grid = grid_of(request);
  for (std::size_t i = 0; i < layer; ++i) part.elements /= grid[i];
  part.ranks = grid[layer];
  return part;
}

/// The kinds that a layer has to do.
std::vector<CollectiveKind> kinds_of_layer(const Layers& layers, std::size_t layer) {
  if (layer + 1 == layers.size()) return {CollectiveKind::all_reduce};
  return {CollectiveKind::reduce_scatter, CollectiveKind::all_gather};
}

/// Puts the same plan into a channel for every group of ranks along a dimension.
class Grid {
 public:
  /// The channel works on the first `slots` slots.
  Grid(Channel& channel, int ranks, int slots, std::vector<int> extents)
      : channel_(channel), ranks_(ranks), slots_(slots), extents_(std::move(extents)) {}

  /// The ranks along `dimension` form the groups; each works on the slots that its members own after the layers before.
  int place(const Plan& part, std::size_t dimension, int step) {
    int stride = 1;
    for (std::size_t i = 0; i < dimension; ++i) stride *= extents_[i];
    const int extent = extents_[dimension];
    int steps = 0;
    for (const Channel& channel : part.channels) steps = std::max(steps, channel.steps);
    for (int first = 0; first < ranks_; ++first) {
      if (first / stride % extent != 0) continue;
      const auto [base, slots] = owned(first, dimension);
      const int width = slots / part.layout.slots();
      SIM_ASSERT(width * part.layout.slots() == slots, "a layer's slots are whole multiples of its plan's");
      for (const Channel& channel : part.channels) {
        for (const Transfer& t : channel.transfers) {
          channel_.add({step + t.step, first + t.from * stride, first + t.to * stride, base + t.source * width,
                        base + t.target * width, t.slots * width, t.combine});
        }
      }
    }
    return step + steps;
  }

 private:
  /// First slot and number of slots that a rank holds before the layer of `dimension`: block x_i of each layer before.
  std::pair<int, int> owned(int rank, std::size_t dimension) const {
    int base = 0, slots = slots_;
    for (std::size_t i = 0; i < dimension; ++i) {
      slots /= extents_[i];
      base += rank % extents_[i] * slots;
      rank /= extents_[i];
    }
    return {base, slots};
  }

  Channel& channel_;
  int ranks_, slots_;
  std::vector<int> extents_;
};

}  // namespace

std::optional<std::string> layers_refusal(const Layers& layers, const PlanRequest& request) {
  for (std::size_t i = 0; i < layers.size(); ++i) {
    for (const CollectiveKind kind : kinds_of_layer(layers, i)) {
      if (const auto why = layers[i]->refusal(part_of(request, i, kind))) {
        return layers[i].name() + " along dimension " + std::to_string(i) + ": " + *why;
      }
    }
  }
  return std::nullopt;
}

Plan layered_all_reduce(const Layers& layers, const PlanRequest& request, const std::string& algorithm, int pieces) {
  const std::vector<int> extents = grid_of(request);
  const std::size_t last = layers.size() - 1;
  PlanRequest piece = request;
  piece.elements /= pieces;
  const Plan all_reduce = layers[last]->plan(part_of(piece, last, CollectiveKind::all_reduce));
  SIM_ASSERT(all_reduce.helpers == 0, "a layer has no helpers");
  int slots = all_reduce.layout.slots();
  for (std::size_t i = 0; i < last; ++i) slots *= extents[i];
  Plan plan = empty_plan(request, algorithm, pieces * slots);
  plan.channels.resize(static_cast<std::size_t>(pieces));
  Channel& first = plan.channels[0];
  Grid grid(first, request.ranks, slots, extents);
  int step = 0;
  for (std::size_t i = 0; i < last; ++i) {
    step = grid.place(layers[i]->plan(part_of(piece, i, CollectiveKind::reduce_scatter)), i, step);
  }
  const int reduced = step;
  step = grid.place(all_reduce, last, step);
  for (std::size_t i = last; i-- > 0;) {
    step = grid.place(layers[i]->plan(part_of(piece, i, CollectiveKind::all_gather)), i, step);
  }
  finish(first);
  check_transfers(static_cast<std::int64_t>(first.transfers.size()) * pieces);
  for (int i = 1; i < pieces; ++i) {
    Channel& channel = plan.channels[static_cast<std::size_t>(i)] = first;
    channel.after = i - 1;
    channel.after_step = reduced;
    for (Transfer& t : channel.transfers) {
      t.source += i * slots;
      t.target += i * slots;
    }
  }
  return plan;
}

std::optional<Seconds> layers_closed_form(const Layers& layers, const PlanRequest& request, Bytes element,
                                          std::span<const Hockney> levels) {
  Seconds sum{0.0};
  for (std::size_t i = 0; i < layers.size(); ++i) {
    for (const CollectiveKind kind : kinds_of_layer(layers, i)) {
      const Hockney& level = level_of(levels, i);
      const auto time = layers[i]->closed_form(part_of(request, i, kind), element, {&level, 1});
      if (!time) return std::nullopt;
      sum += *time;
    }
  }
  return sum;
}

}  // namespace orrery::collective
