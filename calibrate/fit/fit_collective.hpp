// Fitting the regimes of a collective: where the message-passing library changes protocol, and the start-up
// time and time per byte on each side. The best division of the measured sizes into regimes is found exactly
// by dynamic programming over the division points (Bellman 1961); a further regime must pay for its
// parameters (BIC).
#pragma once

#include <vector>

#include "calibrate/points.hpp"
#include "costmodel/collective_model.hpp"

namespace orrery::calibrate {

/// All points are of one kind and rank count. `gamma` is taken as given: at two ranks it cannot be told from
/// beta.
cost::CollectiveModel fit_collective(const std::vector<const Point*>& points, SecondsPerByte gamma);

}  // namespace orrery::calibrate
