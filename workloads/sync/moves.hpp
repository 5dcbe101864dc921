// Moves that several variants make, by name, and the refusal of a number that exceeds the learners.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "workloads/sync/variant.hpp"

namespace orrery::sync {

/// Gradients that the server has when the arrived one is counted.
inline std::int64_t gathered(const View& view) { return static_cast<std::int64_t>(view.held.size()) + 1; }

inline Next& next_of(Decision& decision, int learner) { return decision.next[static_cast<std::size_t>(learner)]; }

/// Updates the model; everybody drops what it does and begins at the new one.
inline void update_and_restart_all(Decision& decision) {
  decision.use = Use::apply;
  for (Next& next : decision.next) next = Next::fetch;
}

/// Updates the model; those whose gradients are in it begin at the new one, the others are not disturbed.
inline void update_and_restart_contributors(const Arrival& arrival, const View& view, Decision& decision) {
  decision.use = Use::apply;
  for (const Held& held : view.held) next_of(decision, held.learner) = Next::fetch;
  next_of(decision, arrival.learner) = Next::fetch;
}

inline void hold_and(Next next, const Arrival& arrival, Decision& decision) {
  decision.use = Use::hold;
  next_of(decision, arrival.learner) = next;
}

/// "k=9, but there are 8 learners; use k <= 8"
inline std::optional<std::string> refuse_more_than_learners(const std::string& key, std::int64_t value, int learners) {
  if (value <= learners) return std::nullopt;
  return key + "=" + std::to_string(value) + ", but there are " + std::to_string(learners) + " learners; use " + key +
         " <= " + std::to_string(learners);
}

/// Every used gradient was computed at the model that it updates.
inline Expectation never_stale(std::optional<Seconds> iteration, std::string formula) {
  return {iteration, 0.0, 1.0, std::move(formula)};
}

}  // namespace orrery::sync
