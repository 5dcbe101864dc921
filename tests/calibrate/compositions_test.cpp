// Compositions are chained as a real step is, and their prediction is the sum of their parts.
#include "calibrate/compositions.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "calibrate/composition_record.hpp"
#include "calibrate/fake_backend.hpp"
#include "sim/base/error.hpp"

using namespace orrery;
using namespace orrery::calibrate;

namespace {

double flops_of(const Composition& composition) {
  double sum = 0.0;
  for (const CompositionStep& step : composition.steps) {
    if (std::holds_alternative<cost::Gemm>(step.op)) sum += cost::flops(step.op).value();
  }
  return sum;
}

CompositionRecord measured(FakeBackend& backend, const Composition& composition) {
  return measure_composition(backend, composition, {.max_time_s = 0.05},
                             [&backend] { return backend.now(); });
}

}  // namespace

TEST_CASE("a block's products do 24 T d^2 operations forward and twice as many backward") {
  // Per token: 4 d^2 weights in attention, 8 d^2 in the MLP, 2 operations each.
  const BlockShape shape{.sequences = 2, .length = 32, .width = 64, .heads = 4};
  CHECK(flops_of(block_forward(shape)) == 24.0 * 64 * 64 * 64);
  CHECK(flops_of(block_backward(shape)) == 2 * 24.0 * 64 * 64 * 64);
}

TEST_CASE("an update of a block covers 12 d^2 weights and 13 d vectors") {
  const Composition update = block_update({.width = 64});
  CHECK(std::get<cost::OptimizerStep>(update.steps.at(0).op).params == 12 * 64 * 64 + 13 * 64);
}

TEST_CASE("a decode step multiplies every weight once per sequence") {
  const DecodeShape s{
      .sequences = 3, .width = 64, .heads = 4, .kv_heads = 2, .hidden = 128, .vocab = 256, .layers = 2};
  const double layer = 2.0 * 64 * 64 + 2.0 * 64 * 32 + 3.0 * 64 * 128;
  CHECK(flops_of(decode_step(s)) == 2.0 * 3 * (2 * layer + 64 * 256));
}

TEST_CASE("all measured compositions know their tensors, and their classes are swept") {
  for (const SweepTarget target : {SweepTarget::cpu, SweepTarget::gpu}) {
    const auto all = measured_compositions(target);
    CHECK(all.size() >= 4);
    std::set<std::string> names;
    for (const Composition& c : all) {
      names.insert(c.name);
      CHECK((!c.as_graph || c.lanes() == 1));
    }
    CHECK(names.size() == all.size());
  }
  const auto swept = sweep_classes(SweepTarget::gpu);
  for (const Composition& c : measured_compositions(SweepTarget::gpu)) {
    for (const CompositionStep& step : c.steps) {
      INFO(cost::class_name(step.op));
      CHECK(std::count(swept.begin(), swept.end(), cost::class_name(step.op)) == 1);
    }
  }
}

TEST_CASE("the prediction of a composition is the sum of its steps, of lanes the longest") {
  FakeBackend backend({.noise = 0.0, .outlier_share = 0.0}, fake_gpu_truth());
  const auto costs = cost::make_cost_model(fake_gpu_truth());
  const Composition beside =
      product_beside_copy(4096, 2, {.elements = 1 << 20, .kind = cost::CopyKind::h2d}, cost::DType::bf16);
  const CompositionRecord record = measured(backend, beside);
  // Two products take 0.4 ms each, the copy of 4 MiB 0.1 ms: the products decide.
  const double product = costs->estimate(beside.steps[0].op, {}).time.value();
  CHECK(predict(record, *costs).value() == Approx(2.0 * product).epsilon(0.05));
  CHECK(record.median_s == Approx(2.0 * product).epsilon(0.05));
  Composition alone = beside;
  alone.steps.erase(alone.steps.begin(), alone.steps.begin() + 2);
  CHECK(predict(measured(backend, alone), *costs) < Seconds(0.5 * record.median_s));
}

TEST_CASE("a record survives writing and reading, and predicts the same") {
  FakeBackend backend({}, fake_gpu_truth());
  const auto costs = cost::make_cost_model(fake_gpu_truth());
  const CompositionRecord before = measured(backend, measured_compositions(SweepTarget::gpu).front());
  const std::string text = record_line(before);
  const auto after = parse_records(text + text + "{\"name\": \"cut", "r.jsonl");
  REQUIRE(after.size() == 2);
  CHECK(record_line(after[0]) == text);
  CHECK(predict(after[1], *costs).value() == predict(before, *costs).value());
  CHECK(composition_table(after, *costs).find("block_forward") != std::string::npos);
  CHECK_THROWS_AS(parse_records("{\"nam\": 1}\n", "r.jsonl"), ScenarioError);
}

TEST_CASE("a composition with an operator that the backend lacks is skipped with its name") {
  FakeBackend cpu_like;
  const CompositionRecord record = measured(cpu_like, measured_compositions(SweepTarget::gpu).front());
  CHECK(record.skipped.find("layer_norm_forward_bf16") != std::string::npos);
  CHECK(record.median_s == 0.0);
}

TEST_CASE("a composition with an operator that the profile lacks has no prediction, and the line says why") {
  FakeBackend backend({}, fake_gpu_truth());
  const CompositionRecord record = measured(backend, measured_compositions(SweepTarget::gpu).front());
  const std::string table = composition_table({record}, *cost::make_cost_model(fake_truth()));
  CHECK_THAT(table, Catch::Contains(" -  ") && Catch::Contains("no prediction: ") &&
                        Catch::Contains("has no measurement of"));
}
