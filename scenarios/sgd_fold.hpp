// The runs of one variant, one per seed, folded into what the report says of it: means and confidence intervals over the
// seeds, and from when on a target holds.
#pragma once

#include <optional>
#include <vector>

#include "scenarios/sgd_report.hpp"
#include "scenarios/sgd_scenario.hpp"
#include "workloads/sgd/result.hpp"

namespace orrery::scenario {

/// REQUIRES: at least one run; all of the same variant.
SgdVariantReport fold_runs(const SgdScenario& scenario, std::size_t variant, const std::vector<sgd::SgdResult>& runs);

/// Mean time of a mini-batch over the learners, slow phases left out; nothing where the distribution has no mean.
std::optional<double> mean_compute_time(const SgdScenario& scenario);

/// First evaluated moment from which on the target holds until the end; nothing where it does not.
std::optional<double> time_to(const sgd::SgdResult& run, const SgdTarget& target);

}  // namespace orrery::scenario
