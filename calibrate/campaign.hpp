// Carrying out a sweep on a Backend: visit after visit within a budget of time, each row handed out as soon
// as it is measured, so that a sweep that was interrupted goes on where it stopped.
#pragma once

#include <functional>
#include <string>

#include "calibrate/measure.hpp"
#include "calibrate/sweep.hpp"

namespace orrery::calibrate {

struct CampaignEvents {
  std::function<void(const Measurement&)> row;  ///< on rank 0, per visit
  std::function<void(std::size_t done, std::size_t all, double left_s)>
      progress;  ///< on rank 0, before each visit
};

/// Names that every row of this backend carries.
struct RowLabels {
  std::string backend, device, algorithm, fingerprint_id;
};
/// From the fingerprint: "cpu" or "device" names the device; versions of libraries name the algorithm.
RowLabels row_labels(const Backend& backend);

/// Runs the visits of `plan` from `first` on; all ranks call it with the same plan. The remaining budget is
/// divided evenly among the remaining visits, so quick ones leave time to slow ones. `elapsed_s` were spent
/// before.
void run_campaign(Backend& backend, const std::vector<Visit>& plan, std::size_t first, double elapsed_s,
                  double budget_s, const Clock& clock, const CampaignEvents& events);

}  // namespace orrery::calibrate
