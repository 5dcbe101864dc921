// A scenario answered: the model is built and checked for memory, the run simulated with the profile's cost
// model, then simulated again with one property of the machine changed at a time. Pure: the profile is a
// value here.
#pragma once

#include <string>

#include "costmodel/profile.hpp"
#include "scenarios/run_report.hpp"
#include "scenarios/scenario.hpp"
#include "workloads/train/spec.hpp"

namespace orrery::scenario {

/// The part of a scenario that the simulator needs.
train::TrainSpec train_spec(const Scenario& scenario);

struct Outcome {
  RunReport report;
  std::string trace;  ///< Chrome trace events as JSON; empty unless asked for
};

/// `with_trace` changes nothing but `trace`. A model that does not fit into `cluster.node_memory` gives a
/// report without a prediction. REQUIRES: a checked scenario.
Outcome run(const Scenario& scenario, const cost::Profile& profile, bool with_trace);

}  // namespace orrery::scenario
