// How much of the machine's present speed, as a few seconds of anchor kernels show it, is carried into
// predictions.
#pragma once

#include "costmodel/profile.hpp"

namespace orrery::validate {

/// Deviation of the log speed between two sessions on one machine that is slow enough to last through a suite
/// of runs.
constexpr double kSlowDrift = 0.05;

/// What an anchor shows now is partly slow drift, which lasts, and partly fluctuation from second to second,
/// which does not; the profile knows the latter as the anchor's spread s during calibration. The expected
/// lasting part of a measured log ratio x is x d^2 / (d^2 + s^2) with d = kSlowDrift. A quiet anchor (s = 1
/// %) is believed to 96 %, one that jumps by 15 % within the calibration to 10 %.
cost::SpeedRatios lasting_part(const cost::SpeedRatios& measured, const cost::Profile& profile);

}  // namespace orrery::validate
