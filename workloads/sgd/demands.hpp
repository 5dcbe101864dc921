// What a variant asks of the network, found out by asking the variant itself, and which collective an all-reduce
// aggregation therefore runs in each update or round. Pure.
#pragma once

#include <cstdint>
#include <optional>

#include "sim/collective/algorithm.hpp"
#include "workloads/sgd/spec.hpp"
#include "workloads/sync/variant.hpp"

namespace orrery::sgd {

/// Central variants: true where every update is the mean of one gradient of each learner and all go on together.
bool updates_with_all(const sync::Variant& variant, int learners);
/// Local variants: the messages of a round. Nothing for central ones.
std::optional<sync::RoundTraffic> round_traffic(const sync::Variant& variant, int learners);

struct Collective {
  CollectiveKind kind = CollectiveKind::all_reduce;
  Registered<collective::Algorithm> algorithm{"ring"};
  std::int64_t elements = 0;
  Bytes element{0.0};
};
/// Gradients are all-reduced, compressed ones all-gathered; models are all-reduced, or averaged with the neighbours'.
Collective collective_of(const SgdSpec& spec, const AllReduceAggregation& config, std::int64_t parameters);

}  // namespace orrery::sgd
