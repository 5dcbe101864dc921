// All-reduce along the dimensions of a grid of ranks: reduce-scatter along the first dimension, again on what each rank
// then holds along the next one, all-reduce along the last, and all-gathers back in the opposite order. Shared by
// torus_2d and hierarchical. In pieces, each one a channel that begins when the one before is through its
// reduce-scatters: then the layers work at the same time, each on another piece.
#pragma once

#include <string>
#include <vector>

#include "sim/collective/group.hpp"

namespace orrery::collective {

/// One algorithm for each dimension of the request's grid (the last one all-reduces, the others reduce-scatter and
/// all-gather); the channels of its plan go side by side, step by step.
using Layers = std::vector<Registered<Algorithm>>;

/// Why a layer cannot do its part; nothing when all can.
std::optional<std::string> layers_refusal(const Layers& layers, const PlanRequest& request);
/// REQUIRES: no refusal.
Plan layered_all_reduce(const Layers& layers, const PlanRequest& request, const std::string& algorithm, int pieces);
/// In one piece: the sum of the layers' closed forms, each on its level and its share of the buffer.
std::optional<Seconds> layers_closed_form(const Layers& layers, const PlanRequest& request, Bytes element,
                                          std::span<const Hockney> levels);

}  // namespace orrery::collective
