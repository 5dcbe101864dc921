#include "workloads/sync/variant.hpp"

#include "sim/base/error.hpp"

namespace orrery::sync {

Registry<Variant>& Variant::registry() {
  static Registry<Variant> variants("SGD variant", "sgd_variants");
  return variants;
}

void Variant::on_round(int, const View&, Round&) const {
  SIM_ASSERT(false, "a variant asked for a round and does not say how it mixes models");
}

}  // namespace orrery::sync
