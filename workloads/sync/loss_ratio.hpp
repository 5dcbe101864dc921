// How far the loss has come down since the first block of a run, for variants that adapt to it (AdaComm, AdaSync).
#pragma once

#include <algorithm>
#include <cmath>

#include "workloads/sync/variant.hpp"

namespace orrery::sync {

/// sqrt(F_latest / F_first), between 0 and 1: both rules that use it (AdaComm, AdaSync) start at one end and go to
/// the other, and noise or divergence shall not drive them beyond the start. 1 where there is nothing to compare.
inline double loss_root(const LossView& loss) {
  const double ratio = loss.latest / loss.first;
  if (!(loss.first > 0.0) || !(ratio < 1.0)) return 1.0;
  return std::sqrt(std::max(ratio, 0.0));
}

}  // namespace orrery::sync
