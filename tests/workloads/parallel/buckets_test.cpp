#include <catch2/catch.hpp>

#include "workloads/model/builder.hpp"
#include "workloads/parallel/buckets.hpp"

namespace orrery::parallel {
namespace {

using namespace literals;

/// A graph of which only the parameters matter: each `elements` long, ready after node 10, 20, 30, ...
model::ModelGraph parameters_only(const std::vector<std::int64_t>& elements) {
  model::ModelGraph graph;
  std::int64_t offset = 0;
  for (std::size_t i = 0; i < elements.size(); ++i) {
    model::Parameter parameter;
    parameter.offset = offset;
    parameter.elements = elements[i];
    parameter.ready_after = 10 * (i + 1);
    offset += (elements[i] + model::kAlignment - 1) / model::kAlignment * model::kAlignment;
    graph.parameters.push_back(parameter);
  }
  graph.tensors.push_back({"flat_gradients", offset, cost::DType::fp32, model::TensorRole::gradient});
  graph.flat_gradients = TensorId{0};
  return graph;
}

TEST_CASE("a bucket is closed as soon as it holds enough bytes") {
  // Sizes 64, 128, 32, 512 elements = 256, 512, 128, 2048 bytes. Buckets of at least 600 bytes:
  // 256 + 512 = 768 closes the first; 128 + 2048 = 2176 closes the second.
  const auto buckets = plan_buckets(parameters_only({64, 128, 32, 512}), 600_B);
  REQUIRE(buckets.size() == 2);
  REQUIRE(buckets[0].offset == 0);
  REQUIRE(buckets[0].elements == 192);
  REQUIRE(buckets[0].ready_after == 20);
  REQUIRE(buckets[1].offset == 192);
  REQUIRE(buckets[1].elements == 544);
  REQUIRE(buckets[1].ready_after == 40);
}

TEST_CASE("a bucket that is exactly full is closed, and the last one may be smaller") {
  const auto buckets = plan_buckets(parameters_only({64, 64, 16}), 256_B);
  REQUIRE(buckets.size() == 3);
  REQUIRE(buckets[2].elements == 16);
}

TEST_CASE("a bucket larger than all gradients holds them all") {
  const auto buckets = plan_buckets(parameters_only({64, 128, 32}), 1_GiB);
  REQUIRE(buckets.size() == 1);
  REQUIRE(buckets[0].elements == 224);
  REQUIRE(buckets[0].ready_after == 30);
}

TEST_CASE("padding behind a parameter travels in its bucket") {
  // 10 elements take one cache line of 16.
  const auto buckets = plan_buckets(parameters_only({10, 100}), 1_B);
  REQUIRE(buckets[0].elements == 16);
  REQUIRE(buckets[1].offset == 16);
  REQUIRE(buckets[1].elements == 112);
}

TEST_CASE("buckets of a real model tile its flat gradients in ready order") {
  const model::ModelGraph graph =
      model::build(model::GptConfig{2, 32, 4, 16, 50}, 2, cost::OptimizerKind::adam, 2);
  for (const Bytes size : {1_B, 4_KiB, 64_KiB, 1_MiB}) {
    std::int64_t next = 0;
    std::size_t ready = 0;
    for (const Bucket& bucket : plan_buckets(graph, size)) {
      REQUIRE(bucket.offset == next);
      REQUIRE(bucket.elements > 0);
      REQUIRE(bucket.ready_after >= ready);
      REQUIRE(graph.nodes[bucket.ready_after].phase == model::Phase::backward);
      next += bucket.elements;
      ready = bucket.ready_after;
    }
    REQUIRE(next == graph.tensor(graph.flat_gradients).elements);
  }
}

}  // namespace
}  // namespace orrery::parallel
