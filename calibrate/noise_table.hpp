// How single calls spread around their median, from the quantiles of all visits: by class and by duration
// where there are enough calls, and for all classes together.
#pragma once

#include <vector>

#include "calibrate/measurements.hpp"
#include "costmodel/profile.hpp"

namespace orrery::calibrate {

/// Limits of the durations that are kept apart, in seconds.
std::vector<double> noise_time_limits();

/// A visit with fewer calls says nothing about tails, and its quantiles are not read.
constexpr int kTailCallsLeast = 9;

/// Entries for the profile; the probabilities are kQuantileGrid. The slow drift of the machine is not in
/// them: each visit is compared with its own median.
std::vector<cost::NoiseEntry> noise_entries(const std::vector<Measurement>& rows);

/// Relative standard deviation of the common drift: of log(visit median / median of all visits) over the
/// anchors, robustly, without the part that single visits cannot know.
double common_drift(const std::vector<cost::Anchor>& anchors);

/// The anchor rows, condensed.
std::vector<cost::Anchor> condense_anchors(const std::vector<Measurement>& rows);

}  // namespace orrery::calibrate
