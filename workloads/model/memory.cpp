#include "workloads/model/memory.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "sim/base/unit_text.hpp"

namespace orrery::model {
namespace {

constexpr std::array<std::pair<TensorRole, const char*>, 7> kCategories{{
    {TensorRole::parameter, "parameters"},
    {TensorRole::gradient, "gradients"},
    {TensorRole::optimizer_state, "optimizer state"},
    {TensorRole::activation, "activations"},
    {TensorRole::activation_gradient, "activation gradients"},
    {TensorRole::input, "input batch"},
    {TensorRole::loss, "loss"},
}};

}  // namespace

MemoryUse memory_use(const ModelGraph& graph) {
  std::vector<bool> window(graph.tensors.size(), false);  // part of a flat buffer, no memory of its own
  for (const Parameter& parameter : graph.parameters) {
    window[parameter.weight.index()] = window[parameter.gradient.index()] = true;
  }
  MemoryUse use;
  for (const auto& [role, category] : kCategories) {
    MemoryItem item;
    item.category = category;
    for (std::size_t i = 0; i < graph.tensors.size(); ++i) {
      const Tensor& tensor = graph.tensors[i];
      if (tensor.role != role) continue;
      if (!window[i]) item.bytes += tensor.bytes();
      const auto flat = static_cast<std::int32_t>(i);
      if (flat == graph.flat_weights.value || flat == graph.flat_gradients.value)
        continue;  // name a layer instead
      if (tensor.bytes() > item.largest_bytes) {
        item.largest = tensor.name;
        item.largest_bytes = tensor.bytes();
      }
    }
    use.total += item.bytes;
    use.items.push_back(std::move(item));
  }
  return use;
}

std::string DoesNotFit::text() const {
  return "needs " + human(needed) + " per rank but the device has " + human(available) +
         "; the largest part is " + largest_category;
}

std::optional<DoesNotFit> check_fit(const MemoryUse& use, Bytes available) {
  if (use.total <= available) return std::nullopt;
  const auto largest =
      std::max_element(use.items.begin(), use.items.end(),
                       [](const MemoryItem& a, const MemoryItem& b) { return a.bytes < b.bytes; });
  return DoesNotFit{use.total, available, largest->category};
}

}  // namespace orrery::model
