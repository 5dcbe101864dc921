// The requests on which every collective algorithm is tested: all kinds, 1..17 ranks, several grids of them, several
// roots, buffers that are empty, shorter than the number of slots, divisible and not.
#pragma once

#include <string>
#include <vector>

#include "sim/collective/algorithm.hpp"

namespace orrery::collective {

/// "all_reduce of 7 elements on 12 ranks (3 x 4)".
inline std::string text_of(const PlanRequest& request) {
  std::string text = name(request.kind) + " of " + std::to_string(request.elements) + " elements on " +
                     std::to_string(request.ranks) + " ranks";
  for (const int extent : request.dimensions) text += " x" + std::to_string(extent);
  return text + ", root " + std::to_string(request.root);
}

inline std::vector<CollectiveKind> all_kinds() {
  std::vector<CollectiveKind> kinds;
  for (const std::string& text : collective_names()) kinds.push_back(collective_kind(text));
  return kinds;
}

/// Some grids of that many ranks, the flat one first.
inline std::vector<std::vector<int>> grids_of(int ranks) {
  std::vector<std::vector<int>> grids{{}};
  for (int x = 1; x <= ranks; ++x) {
    if (ranks % x == 0) grids.push_back({x, ranks / x});
  }
  if (ranks % 4 == 0) grids.push_back({2, 2, ranks / 4});
  return grids;
}

inline std::vector<PlanRequest> conformance_requests() {
  std::vector<PlanRequest> requests;
  for (const CollectiveKind kind : all_kinds()) {
    for (int ranks = 1; ranks <= 17; ++ranks) {
      PlanRequest request;
      request.kind = kind;
      request.ranks = ranks;
      request.has_reducer = true;
      for (const std::int64_t elements : {0, 1, 7, 240, 1000}) {
        request.elements = kind == CollectiveKind::barrier ? 0 : elements;
        for (const std::vector<int>& grid : grids_of(ranks)) {
          request.dimensions = grid;
          request.root = ranks / 2;
          requests.push_back(request);
        }
      }
    }
  }
  return requests;
}

}  // namespace orrery::collective
