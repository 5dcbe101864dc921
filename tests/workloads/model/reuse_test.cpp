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

TEST_CASE("the distance of a repeated copy is zero") {
  ModelGraph graph = four_tensors();
  graph.nodes.push_back({"copy", Copy{10}, Phase::forward, {TensorId{0}, TensorId{1}}});
  REQUIRE(reuse_distances(graph)[0] == Bytes(0.0));
}

TEST_CASE("the distance is what others touched in between, the mean over operands") {
  // Step: n0 copies t0 -> t1, n1 copies t1 -> t2, n2 copies t2 -> t3; each tensor has 40 bytes.
  //   n0: t0 was touched one step ago, since then t1, t2, t3 were, and t1 is n0's own operand: t2 + t3 = 80
  //   bytes;
  //       t1 was touched by n1, since then t2 and t3: 80 bytes. Mean 80.
  //   n1: t1 just now: 0; t2 by n2, since then t3? no, t3 in the same node, then t0 (and t1, own): 40.
  //   Mean 20. n2: t2 just now: 0; t3 by the last n2, since then t0 and t1 (t2 is own): 80. Mean 40.
  ModelGraph graph = four_tensors();
  for (std::int32_t i = 0; i < 3; ++i) {
    graph.nodes.push_back({"copy", Copy{10}, Phase::forward, {TensorId{i}, TensorId{i + 1}}});
  }
  const auto distances = reuse_distances(graph);
  REQUIRE(distances[0] == Bytes(80.0));
  REQUIRE(distances[1] == Bytes(20.0));
  REQUIRE(distances[2] == Bytes(40.0));
}

TEST_CASE("a large operand weighs more than a small one") {
  // bias reads and writes x[4,10] (160 bytes) and reads b[10] (40 bytes). In between only x is copied to
  // t[4,10].
  //   bias: x was touched by the copy just before (distance 0), b one step ago: t = 160 bytes.
  //   Mean (160 * 0 + 40 * 160) / 200 = 32.
  ModelGraph graph;
  graph.tensors = {{"x", 40, cost::DType::fp32, TensorRole::activation},
                   {"b", 10, cost::DType::fp32, TensorRole::activation},
                   {"t", 40, cost::DType::fp32, TensorRole::activation}};
  graph.nodes.push_back({"bias",
                         cost::Elementwise{cost::ElementwiseKind::bias, 4, 10},
                         Phase::forward,
                         {TensorId{0}, TensorId{1}}});
  graph.nodes.push_back({"copy", Copy{40}, Phase::forward, {TensorId{0}, TensorId{2}}});
  REQUIRE(reuse_distances(graph)[0] == Bytes(32.0));
}

TEST_CASE("the flat buffers are the same memory as their windows") {
  // With one parameter of 16 elements, sgd reads the gradient that the node before it wrote and the weight
  // that the node before that read; nothing else was touched since, so the optimizer finds everything at
  // distance 0.
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
  REQUIRE(reuse_distances(graph)[1] == Bytes(0.0));
  REQUIRE(reuse_distances(graph)[0] == Bytes(0.0));
}

TEST_CASE("data ages while other nodes run") {
  // n0 copies t0 -> t1 in 1 s, n1 copies t1 -> t2 in 2 s, n2 copies t2 -> t3 in 4 s, over and over.
  //   n0: t0 since the end of the last n0: 2 + 4 = 6; t1 since the end of n1: 4. Mean 5.
  //   n1: t1 just now: 0; t2 since the end of n2: 1 (n0 ran). Mean 0.5.
  //   n2: t2 just now: 0; t3 since the end of the last n2: 1 + 2 = 3. Mean 1.5.
  ModelGraph graph = four_tensors();
  for (std::int32_t i = 0; i < 3; ++i) {
    graph.nodes.push_back({"copy", Copy{10}, Phase::forward, {TensorId{i}, TensorId{i + 1}}});
  }
  const auto ages = reuse_times(graph, std::vector<Seconds>{Seconds(1.0), Seconds(2.0), Seconds(4.0)});
  REQUIRE(ages[0].value() == Approx(5.0));
  REQUIRE(ages[1].value() == Approx(0.5));
  REQUIRE(ages[2].value() == Approx(1.5));
}

TEST_CASE("no distance exceeds all the memory of a step, and the optimizer's is nearly all of it") {
  const ModelGraph graph = build(MlpConfig{100, {200}, 10}, 64, cost::OptimizerKind::adam, 1);
  double all = 0.0;
  for (const Tensor& tensor : graph.tensors) all += tensor.bytes().value();
  const auto distances = reuse_distances(graph);
  for (const Bytes distance : distances) REQUIRE(distance.value() < all);
  REQUIRE(distances.back() > Bytes(0.0));
}

}  // namespace
}  // namespace orrery::model
