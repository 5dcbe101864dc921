// What one rank holds in memory during a training step, by category, and whether a device has room for it.
// The figures are sums over the tensors of the model graph; each category names its largest tensor. Not
// included: the program itself, the math library's packing buffers, and buffers inside the message passing
// library.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "workloads/model/graph.hpp"

namespace orrery::model {

struct MemoryItem {
  std::string category;  ///< "parameters", "gradients", "optimizer state", "activations", ...
  Bytes bytes{0.0};
  std::string largest;  ///< name of the largest tensor in it
  Bytes largest_bytes{0.0};
};

struct MemoryUse {
  std::vector<MemoryItem> items;  ///< every category, in a fixed order, also those of 0 bytes
  Bytes total{0.0};
};

MemoryUse memory_use(const ModelGraph& graph);

/// Why a model does not fit.
struct DoesNotFit {
  Bytes needed{0.0}, available{0.0};
  std::string largest_category;
  std::string text() const;  ///< one sentence for people
};

/// None when `use` fits into `available`.
std::optional<DoesNotFit> check_fit(const MemoryUse& use, Bytes available);

}  // namespace orrery::model
