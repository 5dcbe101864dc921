#include "workloads/model/graph_builder.hpp"

#include <algorithm>
#include <utility>

#include "sim/base/error.hpp"

namespace orrery::model {

GraphBuilder::GraphBuilder(std::string name, const BuildRequest& request) : request_(request) {
  if (request.batch < 1) {
    throw ScenarioError("$.batch", std::to_string(request.batch) + ": expected at least 1 sample per rank");
  }
  graph_.name = std::move(name);
  graph_.batch = request.batch;
}

TensorId GraphBuilder::add_tensor(std::string name, std::int64_t elements, TensorRole role,
                                  cost::DType dtype) {
  graph_.tensors.push_back({std::move(name), elements, dtype, role});
  return TensorId{static_cast<std::int32_t>(graph_.tensors.size()) - 1};
}

TensorId GraphBuilder::input(std::string name, std::int64_t elements, cost::DType dtype) {
  return add_tensor(std::move(name), elements, TensorRole::input, dtype);
}

TensorId GraphBuilder::activation(std::string name, std::int64_t elements) {
  return add_tensor(std::move(name), elements, TensorRole::activation);
}

TensorId GraphBuilder::scalar_loss() {
  graph_.loss = add_tensor("loss", 1, TensorRole::loss);
  return graph_.loss;
}

Weight GraphBuilder::parameter(std::string name, std::int64_t elements, Init init, double init_std) {
  const TensorId value = add_tensor(name, elements, TensorRole::parameter);
  const TensorId gradient = add_tensor(name + ".gradient", elements, TensorRole::gradient);
  graph_.parameters.push_back({value, gradient, init, init_std, 0, elements, 0});
  return {value, gradient};
}

TensorId GraphBuilder::borrow(std::int64_t elements) {
  std::vector<TensorId>& free = free_[elements];
  if (!free.empty()) {
    const TensorId reused = free.back();
    free.pop_back();
    return reused;
  }
  return add_tensor("gradient_buffer." + std::to_string(buffers_++), elements,
                    TensorRole::activation_gradient);
}

void GraphBuilder::give_back(TensorId buffer) {
  if (request_.reuse_gradient_buffers) free_[graph_.tensor(buffer).elements].push_back(buffer);
}

void GraphBuilder::node(std::string name, cost::Op op, std::vector<TensorId> operands) {
  graph_.nodes.push_back({std::move(name), op, phase_, std::move(operands)});
}

void GraphBuilder::lay_out_parameters() {
  for (Parameter& parameter : graph_.parameters) {
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
      const std::vector<TensorId>& used = graph_.nodes[i].operands;
      if (std::find(used.begin(), used.end(), parameter.gradient) != used.end()) parameter.ready_after = i;
    }
  }
  std::stable_sort(graph_.parameters.begin(), graph_.parameters.end(),
                   [](const Parameter& a, const Parameter& b) { return a.ready_after < b.ready_after; });
  std::int64_t next = 0;
  for (Parameter& parameter : graph_.parameters) {
    parameter.offset = next;
    next += (parameter.elements + kAlignment - 1) / kAlignment * kAlignment;
  }
  graph_.flat_weights = add_tensor("flat_weights", next, TensorRole::parameter);
  graph_.flat_gradients = add_tensor("flat_gradients", next, TensorRole::gradient);
}

void GraphBuilder::add_update() {
  enter(Phase::update);
  const std::int64_t size = graph_.tensor(graph_.flat_weights).elements;
  if (request_.ranks > 1) {
    node("update.average", cost::Elementwise{cost::ElementwiseKind::scale, 1, size}, {graph_.flat_gradients});
  }
  std::vector<TensorId> operands{graph_.flat_weights, graph_.flat_gradients};
  const cost::OptimizerStep step{request_.optimizer, size};
  for (const cost::Operand& operand : cost::operands(step)) {
    if (operand.role == "w" || operand.role == "g") continue;
    operands.push_back(add_tensor("optimizer." + operand.role, size, TensorRole::optimizer_state));
  }
  node("update.optimizer", step, operands);
}

ModelGraph GraphBuilder::finish() {
  lay_out_parameters();
  add_update();
  graph_.inputs = inputs;
  graph_.labels = labels;
  graph_.logits = logits;
  validate(graph_);
  return std::move(graph_);
}

}  // namespace orrery::model
