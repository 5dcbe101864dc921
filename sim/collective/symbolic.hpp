// Proves a plan: executes it on sets of contributions instead of numbers and says what is wrong with the end, or
// nothing. What is an addend of rank r in slot s is the set {r}; an addition joins two sets that must be disjoint, a
// copy replaces. Refused are also: reading a slot that was never written, writing a slot that another transfer of the
// step copies to, slots of unequal size at both ends, participants or slots that do not exist, channels that touch a
// slot of each other, and transfers that are not in order. The position of the data counts too: what was slot 2 must
// end as slot 2.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/collective/plan.hpp"

namespace orrery::collective {

/// The first problem found ("rank 3 ends without the addend of rank 0 in slot 2"); nothing when the plan is right.
std::optional<std::string> problem_of(const Plan& plan);

/// The ranks whose contributions each slot of a participant holds after step `last_step` (of each channel); for tables
/// of who owns what. Index: participant * slots + slot. REQUIRES: the plan has no problem.
std::vector<std::vector<int>> contributions_after(const Plan& plan, int last_step);

}  // namespace orrery::collective
