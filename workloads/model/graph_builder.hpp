// Puts a ModelGraph together, node by node: names tensors, lends out buffers for activation gradients, lays
// the parameters into the flat buffers and appends the update. Model builders use it; nobody else needs it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "workloads/model/builder.hpp"
#include "workloads/model/graph.hpp"

namespace orrery::model {

/// A parameter while the graph is being built.
struct Weight {
  TensorId value, gradient;
};

class GraphBuilder {
 public:
  GraphBuilder(std::string name, const BuildRequest& request);

  TensorId input(std::string name, std::int64_t elements, cost::DType dtype);
  TensorId activation(std::string name, std::int64_t elements);
  TensorId scalar_loss();
  Weight parameter(std::string name, std::int64_t elements, Init init, double init_std = 0.0);

  /// A buffer for an activation gradient. After `give_back` the next `borrow` of the same size may receive it
  /// again, as in a trainer with a caching allocator: recently used memory first, because it is still in the
  /// cache.
  TensorId borrow(std::int64_t elements);
  void give_back(TensorId buffer);

  /// Nodes from here on belong to `phase`.
  void enter(Phase phase) { phase_ = phase; }
  void node(std::string name, cost::Op op, std::vector<TensorId> operands);

  /// Ids that the finished graph names.
  TensorId inputs, labels, logits;

  /// Sorts the parameters by readiness, lays them out, appends scale (several ranks) and the optimizer step.
  ModelGraph finish();

 private:
  TensorId add_tensor(std::string name, std::int64_t elements, TensorRole role,
                      cost::DType dtype = cost::DType::fp32);
  void lay_out_parameters();
  void add_update();

  BuildRequest request_;
  ModelGraph graph_;
  Phase phase_ = Phase::forward;
  std::map<std::int64_t, std::vector<TensorId>> free_;  ///< given back, by size; the last one first
  int buffers_ = 0;
};

}  // namespace orrery::model
