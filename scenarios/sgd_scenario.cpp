#include "scenarios/sgd_scenario.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/base/error.hpp"
#include "sim/base/text_hash.hpp"
#include "workloads/sgd/engine.hpp"

namespace orrery::scenario {
namespace {

/// The rules that join several fields.
class Checker {
 public:
  Checker(const JsonDocument& document, const SgdScenario& scenario) : document_(document), s_(scenario) {}

  void check() const {
    if (s_.name.empty()) fail("$.name", "must not be empty");
    if (s_.variants.empty()) fail("$.variants", "names no variant; expected at least one, such as [\"sync\", \"async\"]");
    if (s_.compute.factors.size() > static_cast<std::size_t>(s_.learners)) {
      fail("$.compute.factors", fmt::format("{} factors for {} learners; give at most one per learner",
                                            s_.compute.factors.size(), s_.learners));
    }
    if (s_.measured && document_.root.contains("compute")) {
      fail("$.measured", "stands beside \"compute\"; give one of them: measured times say how long a mini-batch takes");
    }
    if (const auto problem = s_.compute.distribution->refusal()) fail("$.compute.distribution", *problem);
    if (s_.horizon.time > Seconds(1e9)) fail("$.horizon.time", "is beyond the clock; expected at most 1e9 s (31 years)");
    const Json variants = write_json(s_)["variants"];
    for (std::size_t i = 0; i < s_.variants.size(); ++i) check_variant(i, variants);
    for (const Seconds moment : s_.outputs.loss_at) {
      if (moment > s_.horizon.time) fail("$.outputs.loss_at", "a moment lies behind horizon.time");
    }
  }

 private:
  [[noreturn]] void fail(const std::string& path, const std::string& problem) const {
    throw ScenarioError(json_place(document_, path), problem);
  }

  void check_variant(std::size_t i, const Json& written) const {
    const std::string path = fmt::format("$.variants[{}]", i);
    if (const auto problem = s_.variants[i]->refusal(s_.learners)) fail(path, *problem);
    if (const auto problem = sgd::refusal(sgd_spec(s_, i, 0, nullptr))) fail(path, *problem);
    for (std::size_t j = 0; j < i; ++j) {
      if (written[i] == written[j]) fail(path, fmt::format("is the same as $.variants[{}]", j));
    }
  }

  const JsonDocument& document_;
  const SgdScenario& s_;
};

}  // namespace

SgdScenario read_sgd_scenario(const JsonDocument& document) {
  SgdScenario scenario;
  read_json(document, scenario);
  Checker(document, scenario).check();
  return scenario;
}

sgd::SgdSpec sgd_spec(const SgdScenario& s, std::size_t variant, int run, const learn::Dataset* data) {
  sgd::SgdSpec spec;
  spec.problem = s.problem;
  spec.data = data;
  spec.learners = s.learners;
  spec.batch = s.batch;
  spec.update = s.update;
  spec.push = s.push;
  spec.pull = s.pull;
  spec.compute = s.compute;
  spec.aggregation = s.aggregation;
  spec.variant = s.variants[variant];
  spec.horizon = s.horizon;
  spec.evaluation = s.evaluation;
  spec.seed = Seed{s.seed + static_cast<std::uint64_t>(run)};
  return spec;
}

std::string scenario_hash(const SgdScenario& scenario) {
  Json json = write_json(scenario);
  json.erase("measured");
  return text_hash(json.dump());
}

}  // namespace orrery::scenario
