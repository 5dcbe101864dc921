// A table of measurements cut down to what `calibrate fit` reads, for keeping beside a profile: the fit of
// the thinned table is the fit of the whole one, byte for byte. What goes are columns that only people look
// at (means, extremes, telemetry), quantiles of visits too short to have any, and repeated reasons for
// skipping; what is the same in every row is said once.
#pragma once

#include <string>

#include "calibrate/measurements.hpp"

namespace orrery::calibrate {

/// Columns that pooling, drift, noise and the choice of models read, and what names the machine.
std::vector<std::string> fit_columns();

/// Every measured row, and of those without a time one per class and reason; facts stay.
MeasurementFile thinned(const MeasurementFile& whole);

/// The thinned table as text, in the columns of the fit.
std::string write_thinned(const MeasurementFile& whole);

}  // namespace orrery::calibrate
