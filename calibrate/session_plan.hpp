// What a session would do, told without a device: classes, cases, and how long they take by the datasheet of
// a large GPU. The figures are for planning a short visit to a GPU, not predictions.
#pragma once

#include <string>

#include "calibrate/session.hpp"

namespace orrery::calibrate {

/// A table for one screen or two.
std::string plan_text(const SessionOptions& options);

/// Seconds that checks, compositions and one round of the sweep need, counting what each visit costs beside
/// its calls. From the datasheet of an H100 SXM (NVIDIA 2023: 3.35 TB/s, 989 TFLOP/s dense bf16), half of it
/// reached.
double planned_seconds(const SessionOptions& options);

}  // namespace orrery::calibrate
