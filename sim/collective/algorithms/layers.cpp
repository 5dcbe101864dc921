#include "sim/collective/algorithms/layers.hpp"

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

/// Puts the same plan into the whole for every group of ranks along a dimension.
class Grid {
 public:
  Grid(Plan& whole, std::vector<int> extents) : whole_(whole), extents_(std::move(extents)) {}

  /// The ranks along `dimension` form the groups; each works on the slots that its members own after the layers before.
  int place(const Plan& part, std::size_t dimension, int step) {
    int stride = 1;
    for (std::size_t i = 0; i < dimension; ++i) stride *= extents_[i];
    const int extent = extents_[dimension];
    for (int first = 0; first < whole_.ranks; ++first) {
      if (first / stride % extent != 0) continue;
      const auto [base, slots] = owned(first, dimension);
      const int width = slots / part.layout.slots();
      SIM_ASSERT(width * part.layout.slots() == slots, "a layer's slots are whole multiples of its plan's");
      for (const Transfer& t : part.channels[0].transfers) {
        whole_.channels[0].add({step + t.step, first + t.from * stride, first + t.to * stride,
                                                base + t.source * width, base + t.target * width, t.slots * width,
                                                t.combine});
      }
    }
    return step + part.channels[0].steps;
  }

 private:
  /// First slot and number of slots that a rank holds before the layer of `dimension`: block x_i of each layer before.
  std::pair<int, int> owned(int rank, std::size_t dimension) const {
    int base = 0, slots = whole_.layout.slots();
    for (std::size_t i = 0; i < dimension; ++i) {
      slots /= extents_[i];
      base += rank % extents_[i] * slots;
      rank /= extents_[i];
    }
    return {base, slots};
  }

  Plan& whole_;
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

Plan layered_all_reduce(const Layers& layers, const PlanRequest& request, const std::string& algorithm) {
  const std::vector<int> extents = grid_of(request);
  const std::size_t last = layers.size() - 1;
  const Plan all_reduce = layers[last]->plan(part_of(request, last, CollectiveKind::all_reduce));
  SIM_ASSERT(all_reduce.channels.size() == 1 && all_reduce.helpers == 0, "a layer has one channel and no helpers");
  int slots = all_reduce.layout.slots();
  for (std::size_t i = 0; i < last; ++i) slots *= extents[i];
  Plan plan = empty_plan(request, algorithm, slots);
  Grid grid(plan, extents);
  int step = 0;
  for (std::size_t i = 0; i < last; ++i) {
    step = grid.place(layers[i]->plan(part_of(request, i, CollectiveKind::reduce_scatter)), i, step);
  }
  step = grid.place(all_reduce, last, step);
  for (std::size_t i = last; i-- > 0;) {
    step = grid.place(layers[i]->plan(part_of(request, i, CollectiveKind::all_gather)), i, step);
  }
  return finished(std::move(plan));
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
