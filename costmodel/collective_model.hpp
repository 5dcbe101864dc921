// The white-box time model of one kind of collective: alpha-beta-gamma in regimes of message size, because a
// message-passing library changes protocol (eager, rendezvous, segmented) and algorithm with the size.
//   time = steps(kind, n) alpha + S (volume(kind, n) beta + reduced(kind, n) gamma)
// with S the bytes of CollectiveCase, steps = ceil(log2 n), volume = the busbw factor of the kind, reduced =
// (n-1)/n where the kind adds numbers and 0 elsewhere. Formulas after Thakur, Rabenseifner and Gropp 2005;
// docs/models.md.
#pragma once

#include <vector>

#include "costmodel/collective.hpp"
#include "sim/base/fields.hpp"
#include "sim/base/units.hpp"

namespace orrery::cost {

/// Valid from `from_bytes` up to the next regime's.
struct CollectiveRegime {
  Bytes from_bytes{0.0};
  Seconds alpha{1e-6};         ///< start-up of one step
  SecondsPerByte beta{1e-10};  ///< time of one byte of volume
};
template <class V>
void fields(V& v, CollectiveRegime& c) {
  v("from_bytes", c.from_bytes, "smallest size of this regime", at_least(0));
  v("alpha", c.alpha, "start-up time of one step", at_least(0));
  v("beta", c.beta, "time of one byte of volume", at_least(0));
}

struct CollectiveModel {
  std::vector<CollectiveRegime> regimes;  ///< ascending from_bytes, the first 0
  SecondsPerByte gamma{0.0};              ///< time to add one byte of partial sums

  /// REQUIRES: at least one regime; ranks >= 1. One rank alone needs no time.
  double seconds(const CollectiveCase& collective) const;
};
template <class V>
void fields(V& v, CollectiveModel& c) {
  v("regimes", c.regimes, "alpha and beta by size, ascending");
  v("gamma", c.gamma, "time to add one byte of partial sums", at_least(0));
}

/// Latency-bound steps of a collective among n ranks: ceil(log2 n), 1 for a message.
double collective_steps(CollectiveKind kind, int ranks);
/// Share of S that one rank has to add up: (n-1)/n for all-reduce and reduce-scatter, else 0.
double reduced_share(CollectiveKind kind, int ranks);

}  // namespace orrery::cost
