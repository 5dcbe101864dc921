// The answer to an sgd scenario as one page for a browser: curves with bands, staleness histograms, timelines of the
// learners. Self-contained: script, style and data stand in the file, nothing is loaded, it opens from a disk.
#pragma once

#include <string>

#include "scenarios/sgd_report.hpp"

namespace orrery::scenario {

/// HTML. Throws BackendError when the program was built without uPlot (npm package).
std::string page_html(const SgdReport& report);

}  // namespace orrery::scenario
