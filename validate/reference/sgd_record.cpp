#include "validate/reference/sgd_record.hpp"

#include <fmt/format.h>

#include "sim/base/error.hpp"
#include "workloads/sync/coordinator.hpp"

namespace orrery::reference {

std::string decisions_hash_text(std::uint64_t hash) {
  return fmt::format("{:016x}", hash);
}

std::string replayed_hash(const SgdRun& run) {
  sync::Coordinator coordinator(*run.config.variant, run.config.learners);
  const ArrivalLog& log = run.arrivals;
  Seconds latest{0.0};
  for (std::size_t i = 0; i < log.learners.size(); ++i) {
    const Seconds now(log.times_s[i]);
    if (!coordinator.computes(log.learners[i]) || !(now >= latest)) return "does not replay";
    coordinator.arrive(log.learners[i], now, log.losses[i]);
    latest = now;
  }
  return decisions_hash_text(coordinator.decisions_hash());
}

std::string sgd_run_text(const SgdRun& run) {
  return write_json(run).dump() + "\n";
}

SgdRun parse_sgd_run(const JsonDocument& document) {
  SgdRun run;
  read_json(document, run);
  if (const auto refusal = run.config.variant->refusal(run.config.learners)) {
    throw ScenarioError(json_place(document, "$.config.variant"), *refusal);
  }
  const ArrivalLog& log = run.arrivals;
  if (log.times_s.size() != log.learners.size() || log.losses.size() != log.learners.size()) {
    throw ScenarioError(json_place(document, "$.arrivals"), "the lists have different lengths");
  }
  for (const int learner : log.learners) {
    if (0 <= learner && learner < run.config.learners) continue;
    throw ScenarioError(json_place(document, "$.arrivals.learners"), fmt::format("there is no learner {}", learner));
  }
  return run;
}

}  // namespace orrery::reference
