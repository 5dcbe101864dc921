// Seeds and variants of an sgd scenario run on several threads.
#include <catch2/catch.hpp>

#include "scenarios/question.hpp"
#include "scenarios/sgd_run.hpp"

using namespace orrery;
using namespace orrery::scenario;

TEST_CASE("an sgd answer has the same bytes on one thread and on many") {
  const Question question = read_question(parse_json(R"({
    "version": 1, "kind": "sgd", "name": "s", "learners": 4, "data": "digits", "batch": 4,
    "compute": {"distribution": {"kind": "exponential", "mean": "1 s"}},
    "variants": ["sync", "async", "local_sgd", "adasync"], "horizon": {"time": "5 s"},
    "evaluation": {"points": 3, "samples": 20}, "seeds": 3})", "s.json"));
  const auto& scenario = std::get<SgdScenario>(question.scenario);
  const auto bytes = [&](int threads) {
    return write_json(run(scenario, question.data.get(), false, threads).report).dump();
  };
  CHECK(bytes(1) == bytes(2));
  CHECK(bytes(1) == bytes(5));
}
