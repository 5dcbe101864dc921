// Every registered model, with every optimizer, keeps the promises that simulator and trainer rely on.
#include <algorithm>
#include <catch2/catch.hpp>

#include "workloads/model/builder.hpp"
#include "workloads/model/memory.hpp"
#include "workloads/parallel/buckets.hpp"

using namespace orrery;
using namespace orrery::model;

namespace {

/// The default configuration of each kind, by position in the variant.
std::vector<ModelConfig> all_models() {
  std::vector<ModelConfig> result;
  for (std::size_t i = 0; i < std::variant_size_v<ModelConfig>; ++i) {
    result.push_back(choice_of_kind<ModelConfig>(i));
  }
  return result;
}

Bytes bytes_of(const MemoryUse& use, const std::string& category) {
  const auto found = std::find_if(use.items.begin(), use.items.end(),
                                  [&](const MemoryItem& item) { return item.category == category; });
  REQUIRE(found != use.items.end());
  return found->bytes;
}

}  // namespace

TEST_CASE("every kind of model in a scenario has a builder, and every builder a kind") {
  std::vector<std::string> kinds, builders;
  for (const KindName& kind : kinds_of<ModelConfig>()) kinds.push_back(kind.name);
  for (const NameAndHelp& entry : model_builders().names()) builders.push_back(entry.name);
  std::sort(kinds.begin(), kinds.end());
  CHECK(kinds == builders);
}

TEST_CASE("every model builds a valid graph with every optimizer, alone and in parallel") {
  for (const ModelConfig& config : all_models()) {
    for (std::size_t kind = 0; kind < std::variant_size_v<OptimizerConfig>; ++kind) {
      for (const int ranks : {1, 2}) {
        const auto optimizer = static_cast<cost::OptimizerKind>(kind);
        const ModelGraph graph = build(config, 4, optimizer, ranks);
        CAPTURE(graph.name, kind, ranks);
        CHECK_NOTHROW(validate(graph));
        // One state per parameter for momentum, two for Adam, none for plain SGD.
        const MemoryUse use = memory_use(graph);
        const Bytes weights = bytes_of(use, "parameters");
        CHECK(bytes_of(use, "gradients") == weights);
        CHECK(bytes_of(use, "optimizer state") == weights * static_cast<double>(kind));
        CHECK(weights >= Bytes(4.0 * static_cast<double>(graph.parameter_count())));
      }
    }
  }
}

TEST_CASE("the work of every model is a fixed part and a part per sample") {
  // flops(B) = a + b B: the second difference over equal steps of B is zero.
  for (const ModelConfig& config : all_models()) {
    const auto work = [&](std::int64_t batch) {
      return flops(build(config, batch, cost::OptimizerKind::sgd, 1)).value();
    };
    CHECK(work(8) - work(4) == Approx(work(12) - work(8)).epsilon(1e-12));
    CHECK(work(8) > work(4));
  }
}

TEST_CASE("the buckets of every model cover the gradients once, in the order in which they are ready") {
  for (const ModelConfig& config : all_models()) {
    const ModelGraph graph = build(config, 4, cost::OptimizerKind::momentum, 2);
    for (const double size : {1.0, 65536.0, 1e12}) {
      const auto buckets = parallel::plan_buckets(graph, Bytes(size));
      CAPTURE(graph.name, size);
      REQUIRE_FALSE(buckets.empty());
      std::int64_t next = 0;
      std::size_t ready = 0;
      for (const parallel::Bucket& bucket : buckets) {
        CHECK(bucket.offset == next);
        CHECK(bucket.ready_after >= ready);
        next = bucket.offset + bucket.elements;
        ready = bucket.ready_after;
      }
      CHECK(next >= graph.parameter_count());
      CHECK(graph.nodes[ready].phase == Phase::backward);
      if (size == 1e12) CHECK(buckets.size() == 1);
      if (size == 1.0) CHECK(buckets.size() == graph.parameters.size());
    }
  }
}
