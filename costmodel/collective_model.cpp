#include "costmodel/collective_model.hpp"

#include "sim/base/error.hpp"

namespace orrery::cost {

double collective_steps(CollectiveKind kind, int ranks) {
  if (kind == CollectiveKind::point_to_point) return 1.0;
  double steps = 0.0;
  for (int reached = 1; reached < ranks; reached *= 2) steps += 1.0;
  return steps;
}

double reduced_share(CollectiveKind kind, int ranks) {
  const bool reduces = kind == CollectiveKind::all_reduce || kind == CollectiveKind::reduce_scatter;
  return reduces ? (ranks - 1.0) / ranks : 0.0;
}

double CollectiveModel::seconds(const CollectiveCase& collective) const {
  SIM_ASSERT(!regimes.empty() && collective.ranks >= 1, "a collective model has a regime and ranks");
  if (collective.ranks == 1) return 0.0;
  const double size = collective.bytes.value();
  const CollectiveRegime* regime = &regimes.front();
  for (const CollectiveRegime& candidate : regimes) {
    if (size >= candidate.from_bytes.value()) regime = &candidate;
  }
  return collective_steps(collective.kind, collective.ranks) * regime->alpha.value() +
         size * (busbw_factor(collective.kind, collective.ranks) * regime->beta.value() +
                 reduced_share(collective.kind, collective.ranks) * gamma.value());
}

}  // namespace orrery::cost
