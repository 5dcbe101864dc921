#include "validate/self_sgd.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/base/error.hpp"
#include "sim/base/json_io.hpp"
#include "sim/base/unit_text.hpp"

namespace orrery::validate {
namespace {

/// Predictions use 1 to kPredictedSeeds (self_sgd_predict.hpp); no real run has a seed of theirs.
constexpr std::uint64_t kFirstRealSeed = 101, kCalibrationSeed = 901;

Registered<sync::Variant> variant(const char* name, const Json& settings = Json::object()) {
  Registered<sync::Variant> result{name};
  Json json = {{"variant", {{"kind", name}}}};
  json["variant"].update(settings);
  SelfSgdTask task;
  read_json(JsonDocument{"", "", json, {}}, task);
  return task.variant;
}

std::string exact_seconds(Seconds time) {
  return exact_quantity(time.value(), {.time = 1});
}

}  // namespace

SelfSgdSetting self_sgd_setting(int learners, double seconds) {
  if (!(seconds >= 1.0 && seconds <= 3600.0)) {  // this way round it refuses what is not a number, too
    throw ScenarioError("--seconds", fmt::format("{} is not the length of a run; expected 1 to 3600", seconds));
  }
  SelfSgdSetting setting;
  setting.learners = learners;
  setting.time = Seconds(seconds);
  setting.points = std::clamp(static_cast<int>(2 * seconds), 4, setting.points);
  return setting;
}

straggler::StragglerConfig compute_times(const SelfSgdSetting& setting, Seconds more) {
  straggler::StragglerConfig config;
  const Json json = {{"distribution",
                      {{"kind", "shifted_exponential"},
                       {"shift", exact_seconds(setting.least + more)},
                       {"mean_excess", exact_seconds(setting.excess)}}}};
  read_json(JsonDocument{"", "", json, {}}, config);
  return config;
}

std::vector<Registered<sync::Variant>> self_sgd_variants(int learners) {
  const int half = std::max(1, learners / 2);
  return {variant("sync"),
          variant("k_sync", {{"k", half}}),
          variant("k_batch_sync", {{"k", half}}),
          variant("k_async", {{"k", half}}),
          variant("k_batch_async", {{"k", half}}),
          variant("async"),
          variant("local_sgd", {{"tau", 4}})};
}

/// Asynchronous: nobody waits for others there, so all that is not compute time is the machine's.
std::vector<SelfSgdTask> self_sgd_calibration(const SelfSgdSetting& setting) {
  return {{variant("async"), kCalibrationSeed, 0.5 * setting.time}, {variant("async"), kCalibrationSeed + 1, 0.5 * setting.time}};
}

std::vector<SelfSgdTask> self_sgd_tasks(const SelfSgdSetting& setting, int repeats) {
  std::vector<SelfSgdTask> tasks;
  std::uint64_t seed = kFirstRealSeed;
  for (int repeat = 0; repeat < repeats; ++repeat) {
    for (const auto& v : self_sgd_variants(setting.learners)) tasks.push_back({v, seed++, setting.time});
  }
  return tasks;
}

}  // namespace orrery::validate
