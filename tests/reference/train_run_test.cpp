// The record of a run: how times are divided into parts, and that JSON, CSV and trace say the same.
#include "validate/reference/train_run.hpp"

#include <catch2/catch.hpp>

#include "sim/base/error.hpp"
#include "sim/observe/chrome_trace.hpp"
#include "validate/reference/train_trace.hpp"

using namespace orrery;
using namespace orrery::reference;

namespace {

/// Two ranks, two steps of 10 s. Forward 2 s; backward with one exchange: rank 0 arrives at +5, rank 1 at +6,
/// both leave at +7; update to +10. Rank 1 ends each step half a second later.
TrainRun example() {
  TrainRun run;
  run.ranks = 2;
  run.model_name = "mlp 4-2";
  run.config.batch = 30;
  run.losses = {2.5, 1.25};
  run.logs.resize(2);
  run.test = Score{1.5, 0.75, 64};
  for (const double t : {0.0, 10.0}) {
    run.logs[0].steps.push_back({t, t + 1.0, t + 3.0, t + 8.0, t + 10.0, {{t + 5.0, t + 7.0}}});
    run.logs[1].steps.push_back({t, t + 1.0, t + 3.0, t + 8.0, t + 10.5, {{t + 6.0, t + 7.0}}});
  }
  return run;
}

JsonDocument document(const std::string& text) {
  return parse_json(text, "run.json");
}

}  // namespace

TEST_CASE("time before the last rank arrives is waiting, after it communication") {
  const StepParts early = step_parts(example(), 0, 1);
  CHECK(early.input == Approx(1.0));
  CHECK(early.forward == Approx(2.0));
  CHECK(early.waiting == Approx(1.0));
  CHECK(early.communication == Approx(1.0));
  CHECK(early.backward == Approx(3.0));
  CHECK(early.update == Approx(2.0));
  const StepParts late = step_parts(example(), 1, 1);
  CHECK(late.waiting == Approx(0.0).margin(1e-12));
  CHECK(late.communication == Approx(1.0));
  CHECK(late.backward == Approx(4.0));
}

TEST_CASE("a step lasts from start to start on rank 0, and the parts are those of the rank that ends last") {
  const RunSummary summary = summarise(example());
  CHECK(summary.steps == std::vector<double>{10.0, 10.0});
  CHECK(summary.median == Approx(10.0));
  CHECK(summary.samples_per_s == Approx(2 * 30 / 20.0));
  // Rank 1 works 10.5 s, scaled to 10.
  CHECK(summary.parts.total() == Approx(10.0));
  CHECK(summary.parts.backward == Approx(4.0 * 10.0 / 10.5));
  CHECK(summary.parts.waiting == Approx(0.0).margin(1e-12));
}

TEST_CASE("the warm-up is left out of statistics, but never all of a run") {
  TrainRun run = example();
  run.logs[0].steps[0].start = -100.0;
  CHECK(summarise(run).p90 > 50.0);
  run.warm_up = 1;
  CHECK(summarise(run).steps == std::vector<double>{10.0});
  run.warm_up = 50;
  CHECK(summarise(run).steps.size() == 1);
}

TEST_CASE("a record survives JSON exactly") {
  TrainRun run = example();
  run.config.model = model::GptConfig{2, 8, 2, 5, 7};
  run.config.optimizer = model::AdamConfig{};
  run.bigram_entropy = 2.4;
  run.node_names = {"a", "b"};
  run.logs[1].nodes.push_back({1, 1, {0.1, 0.30000000000000004}});
  const TrainRun back = parse_train_run(document(train_run_text(run)));
  CHECK(train_run_text(back) == train_run_text(run));
  CHECK(std::get<model::GptConfig>(back.config.model).vocab == 7);
  CHECK(back.logs[1].nodes[0].span.end == 0.30000000000000004);
  CHECK(back.test->accuracy == 0.75);
}

TEST_CASE("what is no record, or a damaged one, is refused with the file's name") {
  CHECK_THROWS_WITH(parse_train_run(document("{}")),
                    Catch::Contains("run.json: not a recorded training run"));
  std::string text = train_run_text(example());
  text.replace(text.find("\"losses\""), 8, "\"glosses\"");
  CHECK_THROWS_WITH(parse_train_run(document(text)), Catch::Contains("damaged"));
  TrainRun run = example();
  run.logs[1].steps.pop_back();
  CHECK_THROWS_AS(parse_train_run(document(train_run_text(run))), ScenarioError);
}

TEST_CASE("the tables list every span and every loss") {
  const std::string csv = spans_csv(example());
  CHECK(csv.find("step,rank,part,begin_s,end_s\n0,0,input,0.000000000,1.000000000\n") == 0);
  CHECK(csv.find("1,1,bucket0,16.000000000,17.000000000\n") != std::string::npos);
  CHECK(std::count(csv.begin(), csv.end(), '\n') == 1 + 2 * 2 * 5);
  CHECK(losses_csv(example()) == "step,loss\n0,2.5\n1,1.25\n");
}

TEST_CASE("the trace has the simulator's tracks; computing stands still while gradients are exchanged") {
  TrainRun run = example();
  observe::Trace trace = to_trace(run);
  REQUIRE(trace.tracks().size() == 4);
  CHECK(trace.tracks()[0].process == "rank 0");
  CHECK(trace.tracks()[0].thread == "compute");
  CHECK(trace.tracks()[1].thread == "communication");
  // Per rank and step: input, forward, backward before and after the exchange, update; and the exchange.
  CHECK(trace.spans().size() == 2 * 2 * 6);
  for (const auto& span : trace.spans()) CHECK(span.begin <= span.end);

  // A step in detail shows its operators instead of its phases.
  run.node_names = {"matmul"};
  run.logs[0].nodes.push_back({1, 0, {11.0, 12.0}});
  CHECK(to_trace(run).spans().size() == 2 * 2 * 6 - 5 + 1);
  CHECK(observe::chrome_trace(to_trace(run)).find("matmul") != std::string::npos);
}
