#include "validate/reference/graph_runner.hpp"

#include <algorithm>
#include <array>

#include "sim/base/error.hpp"

namespace orrery::reference {
namespace {

constexpr std::size_t kOperandsMax = 8;

std::size_t bytes_of(const model::Tensor& tensor) {
  return static_cast<std::size_t>(tensor.bytes().value());
}

/// Tensors that are windows into the flat buffers or belong to the data set need no memory of their own.
std::vector<bool> owned_tensors(const model::ModelGraph& graph) {
  std::vector<bool> owned(graph.tensors.size(), true);
  for (const model::Parameter& parameter : graph.parameters) {
    owned[parameter.weight.index()] = false;
    owned[parameter.gradient.index()] = false;
  }
  owned[graph.inputs.index()] = false;
  owned[graph.labels.index()] = false;
  return owned;
}

std::size_t arena_bytes(const model::ModelGraph& graph) {
  const std::vector<bool> owned = owned_tensors(graph);
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < owned.size(); ++i) {
    if (owned[i]) bytes += cpu::Arena::footprint(bytes_of(graph.tensors[i]));
  }
  return bytes;
}

std::size_t first_of(const model::ModelGraph& graph, model::Phase phase) {
  const auto found = std::find_if(graph.nodes.begin(), graph.nodes.end(),
                                  [phase](const model::Node& node) { return node.phase == phase; });
  return static_cast<std::size_t>(found - graph.nodes.begin());
}

}  // namespace

std::size_t first_update(const model::ModelGraph& graph) {
  return first_of(graph, model::Phase::update);
}
std::size_t first_backward(const model::ModelGraph& graph) {
  return first_of(graph, model::Phase::backward);
}

GraphRunner::GraphRunner(const model::ModelGraph& graph)
    : graph_(graph), memory_(graph.tensors.size(), nullptr), arena_(arena_bytes(graph)) {
  cpu::use_one_thread();
  const std::vector<bool> owned = owned_tensors(graph);
  for (std::size_t i = 0; i < owned.size(); ++i) {
    if (owned[i]) memory_[i] = arena_.take(bytes_of(graph.tensors[i]));
    if (graph.tensors[i].role == model::TensorRole::optimizer_state) {
      optimizer_states_.push_back(TensorId{static_cast<std::int32_t>(i)});
    }
  }
  auto* weights = static_cast<float*>(memory_[graph.flat_weights.index()]);
  auto* gradients = static_cast<float*>(memory_[graph.flat_gradients.index()]);
  for (const model::Parameter& parameter : graph.parameters) {
    memory_[parameter.weight.index()] = weights + parameter.offset;
    memory_[parameter.gradient.index()] = gradients + parameter.offset;
  }
  for (const model::Node& node : graph.nodes) {
    SIM_ASSERT(node.operands.size() <= kOperandsMax, "a node with more operands than any kernel has");
  }
}

void GraphRunner::initialise(Seed seed) {
  for (const model::Parameter& parameter : graph_.parameters) {
    const std::span<float> values = tensor(parameter.weight);
    if (parameter.init == model::Init::normal) {
      RngStream draws = stream(seed, "init/" + graph_.tensor(parameter.weight).name);
      for (float& value : values) value = static_cast<float>(draws.normal(0.0, parameter.init_std));
    } else {
      std::fill(values.begin(), values.end(), parameter.init == model::Init::ones ? 1.0F : 0.0F);
    }
  }
}

void GraphRunner::bind_batch(void* inputs, std::int32_t* labels) {
  memory_[graph_.inputs.index()] = inputs;
  memory_[graph_.labels.index()] = labels;
}

void GraphRunner::run(std::size_t node, const cpu::KernelConstants& constants) {
  const model::Node& what = graph_.nodes[node];
  std::array<void*, kOperandsMax> pointers{};
  for (std::size_t i = 0; i < what.operands.size(); ++i) pointers[i] = memory_[what.operands[i].index()];
  cpu::execute(what.op, std::span<void* const>(pointers.data(), what.operands.size()), constants);
}

void GraphRunner::run_range(std::size_t first, std::size_t last) {
  for (std::size_t node = first; node < last; ++node) run(node);
}

std::span<float> GraphRunner::tensor(TensorId id) {
  return {static_cast<float*>(memory_[id.index()]), static_cast<std::size_t>(graph_.tensor(id).elements)};
}

}  // namespace orrery::reference
