#include "workloads/model/builder.hpp"

#include <string>

namespace orrery::model {

Registry<ModelBuilder>& model_builders() {
  static Registry<ModelBuilder> registry("model", "models");
  return registry;
}

ModelGraph build(const ModelConfig& config, const BuildRequest& request) {
  const std::string kind =
      std::visit([](const auto& model) { return std::string(std::decay_t<decltype(model)>::kind); }, config);
  return model_builders().make(kind)->build(config, request);
}

ModelGraph build(const ModelConfig& config, std::int64_t batch_per_rank, cost::OptimizerKind optimizer,
                 int ranks) {
  BuildRequest request;
  request.batch = batch_per_rank;
  request.optimizer = optimizer;
  request.ranks = ranks;
  return build(config, request);
}

}  // namespace orrery::model
