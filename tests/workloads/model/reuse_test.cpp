#include <catch2/catch.hpp>

#include "workloads/model/builder.hpp"
#include "workloads/model/reuse.hpp"

namespace orrery::model {
namespace {

using cost::Copy;

/// Four tensors of 10 elements (40 bytes).
ModelGraph four_tensors() {
  ModelGraph graph;
  for (const std::int64_t elements : {10, 10, 10, 10}) {
    graph.tensors.push_back({"t", elements, cost::DType::fp32, TensorRole::activation});
  }
  return graph;
}

std::vector<std::vector<Reuse>> reuse(const ModelGraph& graph) {
  return data_reuse(graph, std::vector<Seconds>(graph.nodes.size()));
}

TEST_CASE("the distance of a repeated copy is zero") {
  ModelGraph graph = four_tensors();
  graph.nodes.push_back({"copy", Copy{10}, Phase::forward, {TensorId{0}, TensorId{1}}});
  const auto parts = reuse(graph)[0];
  REQUIRE(parts.size() == 1);  // both operands were touched by the same node, the last copy
  REQUIRE(parts[0].bytes == Bytes(80.0));
  REQUIRE(parts[0].distance == Bytes(0.0));
}

TEST_CASE("the distance is what others touched in between, the age is how long they took") {
  // Step: n0 copies t0 -> t1 in 1 s, n1 copies t1 -> t2 in 2 s, n2 copies t2 -> t3 in 4 s; each tensor has 40
  // bytes and each node the same footprint. Parts stand in the order of the nodes that touched them last.
  //   n0: t0 was touched by the last n0; since then t2 and t3 (t1 is n0's own): 80 bytes, 2 + 4 = 6 s.
  //       t1 was touched by n1; since then n2 touched t2 and t3: 80 bytes, 4 s.
  //   n1: t2 was touched by n2, which also touched t3, then n0 touched t0: 40 bytes, 1 s. t1 just now: 0, 0
  //   s. n2: t3 was touched by the last n2; since then t0 and t1: 80 bytes, 1 + 2 = 3 s. t2 just now: 0, 0 s.
  ModelGraph graph = four_tensors();
  for (std::int32_t i = 0; i < 3; ++i) {
    graph.nodes.push_back({"copy", Copy{10}, Phase::forward, {TensorId{i}, TensorId{i + 1}}});
  }
  const auto nodes = data_reuse(graph, std::vector<Seconds>{Seconds(1.0), Seconds(2.0), Seconds(4.0)});
  const std::vector<std::pair<double, double>> expected[] = {
      {{80, 6}, {80, 4}}, {{40, 1}, {0, 0}}, {{80, 3}, {0, 0}}};
  for (std::size_t i = 0; i < 3; ++i) {
    REQUIRE(nodes[i].size() == 2);
    for (std::size_t j = 0; j < 2; ++j) {
      INFO("node " << i << ", part " << j);
      REQUIRE(nodes[i][j].bytes.value() == 40);
      REQUIRE(nodes[i][j].distance.value() == expected[i][j].first);
      REQUIRE(nodes[i][j].age.value() == Approx(expected[i][j].second));
    }
  }
}

TEST_CASE("an operand that a larger node touched before is half the difference away") {
  // bias reads and writes x[4,10] (160 bytes) and reads b[10] (40 bytes): footprint 200. In between x is
  // copied to t[4,10]: footprint 320.
  //   b was touched by the last bias; since then t, 160 bytes; same footprint: 160.
  //   x was touched by the copy just before: (320 - 200) / 2 = 60.
  // The copy after the bias has the larger footprint, so its x is as near as in a loop: 0.
  ModelGraph graph;
  graph.tensors = {{"x", 40, cost::DType::fp32, TensorRole::activation},
                   {"b", 10, cost::DType::fp32, TensorRole::activation},
                   {"t", 40, cost::DType::fp32, TensorRole::activation}};
  graph.nodes.push_back({"bias",
                         cost::Elementwise{cost::ElementwiseKind::bias, 4, 10},
                         Phase::forward,
                         {TensorId{0}, TensorId{1}}});
  graph.nodes.push_back({"copy", Copy{40}, Phase::forward, {TensorId{0}, TensorId{2}}});
  const auto nodes = reuse(graph);
  REQUIRE(nodes[0].size() == 2);
  REQUIRE(nodes[0][0].bytes == Bytes(40.0));
  REQUIRE(nodes[0][0].distance == Bytes(160.0));
  REQUIRE(nodes[0][1].bytes == Bytes(160.0));
  REQUIRE(nodes[0][1].distance == Bytes(60.0));
  REQUIRE(nodes[1][1].distance == Bytes(0.0));
}

TEST_CASE("the flat buffers are the same memory as their windows") {
  // With one parameter of 16 elements, sgd reads the gradient and the weight that the node before it touched;
  // nothing else was touched since, so the optimizer finds everything at distance 0.
  ModelGraph graph;
  for (const char* name : {"weight", "gradient", "flat_weights", "flat_gradients"}) {
    graph.tensors.push_back({name, 16, cost::DType::fp32, TensorRole::parameter});
  }
  graph.parameters.push_back({TensorId{0}, TensorId{1}, Init::normal, 1.0, 0, 16, 0});
  graph.flat_weights = TensorId{2};
  graph.flat_gradients = TensorId{3};
  graph.nodes.push_back({"backward", Copy{16}, Phase::backward, {TensorId{0}, TensorId{1}}});
  graph.nodes.push_back({"update",
                         cost::OptimizerStep{cost::OptimizerKind::sgd, 16},
                         Phase::update,
                         {TensorId{2}, TensorId{3}}});
  for (const auto& parts : reuse(graph)) {
    REQUIRE(parts.size() == 1);
    REQUIRE(parts[0].distance == Bytes(0.0));
  }
}

TEST_CASE("in a real step the parts are the node's operands, and none is older than a step") {
  const ModelGraph graph = build(GptConfig{2, 16, 2, 8, 12}, 2, cost::OptimizerKind::adam, 1);
  double all = 0.0;
  for (const Tensor& tensor : graph.tensors) all += tensor.bytes().value();
  const auto nodes = data_reuse(graph, std::vector<Seconds>(graph.nodes.size(), Seconds(1.0)));
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    double operands = 0.0, parts = 0.0;
    for (const cost::Operand& operand : cost::operands(graph.nodes[i].op)) operands += 4.0 * operand.touched;
    for (const Reuse& part : nodes[i]) {
      parts += part.bytes.value();
      REQUIRE(part.distance.value() < all);
      REQUIRE(part.age.value() < static_cast<double>(nodes.size()));
    }
    // The optimizer's windows leave out the padding of the flat buffers.
    REQUIRE(parts <= operands);
    REQUIRE(parts > 0.9 * operands);
  }
}

}  // namespace
}  // namespace orrery::model
