// Executes a ModelGraph for real: gives every tensor memory and calls one kernel per node. It knows nothing
// of layers or models; the same graph is what the simulator walks through.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "calibrate/backends/cpu/kernels/arena.hpp"
#include "calibrate/backends/cpu/kernels/kernels.hpp"
#include "sim/base/rng.hpp"
#include "workloads/model/graph.hpp"

namespace orrery::reference {

class GraphRunner {
 public:
  /// `graph` must outlive the runner. All tensors are zero; `inputs` and `labels` have no memory until bound.
  explicit GraphRunner(const model::ModelGraph& graph);

  /// Draws each parameter from the stream of its own name, so a weight depends on the seed alone.
  void initialise(Seed seed);

  /// Lets `inputs` and `labels` of the graph be this memory until the next call.
  void bind_batch(void* inputs, std::int32_t* labels);

  /// Executes one node.
  void run(std::size_t node, const cpu::KernelConstants& constants = {});
  /// Executes nodes [first, last) with default constants.
  void run_range(std::size_t first, std::size_t last);

  std::span<float> tensor(TensorId id);
  float loss() { return tensor(graph_.loss)[0]; }
  std::span<float> weights() { return tensor(graph_.flat_weights); }
  std::span<float> gradients() { return tensor(graph_.flat_gradients); }
  /// Velocity, or first and second moments, by the graph's order; empty for plain SGD.
  const std::vector<TensorId>& optimizer_states() const { return optimizer_states_; }

 private:
  const model::ModelGraph& graph_;
  std::vector<void*> memory_;  ///< by tensor
  std::vector<TensorId> optimizer_states_;
  cpu::Arena arena_;
};

/// Index of the first node of the update, which is the number of forward and backward nodes.
std::size_t first_update(const model::ModelGraph& graph);
/// Index of the first node of the backward pass.
std::size_t first_backward(const model::ModelGraph& graph);

}  // namespace orrery::reference
