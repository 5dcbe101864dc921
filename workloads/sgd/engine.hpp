// Simulated parallel SGD: learners in simulated time, gradients computed for real at the parameters that the simulated
// learner holds at that moment. The variant decides (workloads/sync), the network carries (sim/net, sim/collective),
// the problem learns (workloads/learn). A cancelled gradient is never computed, a dropped one only where its loss is
// asked for or its sender's error feedback changes with it. Semantics in detail: docs/sgd.md.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "workloads/sgd/result.hpp"
#include "workloads/sgd/spec.hpp"

namespace orrery::sgd {

/// Pure: same spec, same result, to the bit. `spans`: how many LearnerSpans are kept. REQUIRES: the variant refuses
/// neither the learners nor the aggregation (refusal), the problem not the data.
SgdResult simulate(const SgdSpec& spec, std::size_t spans = 0);

/// Why this combination cannot be simulated (all-reduce with a variant that does not wait for all, a schedule in epochs
/// with a problem that has none); nothing when it can.
std::optional<std::string> refusal(const SgdSpec& spec);

}  // namespace orrery::sgd
