// From a model's description to its op graph: the registry of model builders and the one function that
// everybody calls. A new model is one new file that implements ModelBuilder and registers itself under its
// kind.
#pragma once

#include <cstdint>
#include <memory>

#include "costmodel/op.hpp"
#include "sim/base/registry.hpp"
#include "workloads/model/config.hpp"
#include "workloads/model/graph.hpp"

namespace orrery::model {

/// What a graph depends on besides the model itself.
struct BuildRequest {
  std::int64_t batch = 1;  ///< samples per rank and step
  cost::OptimizerKind optimizer = cost::OptimizerKind::sgd;
  int ranks = 1;                       ///< more than one: gradients are averaged in the update
  bool reuse_gradient_buffers = true;  ///< false: every activation gradient has its own memory (for checks)
};

class ModelBuilder {
 public:
  virtual ~ModelBuilder() = default;
  /// REQUIRES: `config` holds this builder's alternative.
  virtual ModelGraph build(const ModelConfig& config, const BuildRequest& request) const = 0;
};

Registry<ModelBuilder>& model_builders();

/// The graph of one rank's training step, already validated. Throws ScenarioError where the description makes
/// no model (heads that do not divide the width, an empty batch).
ModelGraph build(const ModelConfig& config, const BuildRequest& request);
ModelGraph build(const ModelConfig& config, std::int64_t batch_per_rank, cost::OptimizerKind optimizer,
                 int ranks);

}  // namespace orrery::model
