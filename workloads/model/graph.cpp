#include "workloads/model/graph.hpp"

#include "sim/base/error.hpp"

namespace orrery::model {
namespace {

bool holds_data_before_the_step(TensorRole role) {
  return role == TensorRole::input || role == TensorRole::parameter || role == TensorRole::optimizer_state;
}

void check_node(const ModelGraph& graph, const Node& node, std::vector<bool>& written) {
  const std::vector<cost::Operand> expected = cost::operands(node.op);
  SIM_ASSERT(node.operands.size() == expected.size(), node.name + ": wrong number of operands");
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const TensorId id = node.operands[i];
    SIM_ASSERT(id.valid() && id.index() < graph.tensors.size(), node.name + ": operand without tensor");
    const Tensor& tensor = graph.tensor(id);
    const std::string what = node.name + ", operand " + expected[i].role + " (" + tensor.name + ")";
    SIM_ASSERT(tensor.elements == expected[i].elements, what + ": wrong number of elements");
    SIM_ASSERT(tensor.dtype == expected[i].dtype, what + ": wrong element type");
    const bool reads = expected[i].access != cost::Access::write;
    SIM_ASSERT(!reads || written[id.index()] || holds_data_before_the_step(tensor.role),
               what + ": read before it is written");
  }
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (expected[i].access != cost::Access::read) written[node.operands[i].index()] = true;
  }
}

void check_parameters(const ModelGraph& graph, const std::vector<bool>& written) {
  std::int64_t next = 0;
  std::size_t ready = 0;
  for (const Parameter& parameter : graph.parameters) {
    const std::string& name = graph.tensor(parameter.weight).name;
    SIM_ASSERT(parameter.offset == next, name + ": parameters do not tile the flat buffer");
    SIM_ASSERT(parameter.ready_after >= ready, name + ": parameters are not in gradient-ready order");
    SIM_ASSERT(graph.tensor(parameter.weight).elements == parameter.elements, name + ": wrong weight size");
    SIM_ASSERT(graph.tensor(parameter.gradient).elements == parameter.elements,
               name + ": wrong gradient size");
    SIM_ASSERT(written[parameter.gradient.index()], name + ": no node writes its gradient");
    ready = parameter.ready_after;
    next += (parameter.elements + kAlignment - 1) / kAlignment * kAlignment;
  }
  SIM_ASSERT(graph.tensor(graph.flat_weights).elements == next, "flat weights have the wrong size");
  SIM_ASSERT(graph.tensor(graph.flat_gradients).elements == next, "flat gradients have the wrong size");
}

}  // namespace

std::int64_t ModelGraph::parameter_count() const {
  std::int64_t total = 0;
  for (const Parameter& parameter : parameters) total += parameter.elements;
  return total;
}

Flops flops(const ModelGraph& graph) {
  Flops total;
  for (const Node& node : graph.nodes) total += cost::flops(node.op);
  return total;
}

void validate(const ModelGraph& graph) {
  std::vector<bool> written(graph.tensors.size(), false);
  Phase phase = Phase::forward;
  for (const Node& node : graph.nodes) {
    SIM_ASSERT(node.phase >= phase, node.name + ": phases out of order");
    if (node.phase == Phase::update && phase != Phase::update) {
      written[graph.flat_gradients.index()] = true;  // the window tensors behind it are checked one by one
    }
    phase = node.phase;
    check_node(graph, node, written);
  }
  check_parameters(graph, written);
}

}  // namespace orrery::model
