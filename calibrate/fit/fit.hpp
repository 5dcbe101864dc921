// From measurements to a profile: pools the visits, fits the white-box models, learns their residuals,
// condenses noise and anchors. Pure and deterministic: the same table gives the same profile, so that a fit
// can be repeated.
#pragma once

#include <string>

#include "calibrate/measurements.hpp"
#include "costmodel/profile.hpp"

namespace orrery::calibrate {

/// Throws ScenarioError naming `place` when the table mixes machines or has too few rows to fit.
cost::Profile fit_profile(const MeasurementFile& measurements, const std::string& place);

}  // namespace orrery::calibrate
