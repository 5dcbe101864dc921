// Carrying out a sweep on a Backend: visit after visit within a budget of time, each row handed out as soon
// as it is measured, so that a sweep that was interrupted goes on where it stopped.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "calibrate/measure.hpp"
#include "calibrate/sweep.hpp"

namespace orrery::calibrate {

struct CampaignEvents {
  std::function<void(const Measurement&)> row;  ///< on rank 0, per visit
  std::function<void(std::size_t done, std::size_t all, double left_s)>
      progress;  ///< on rank 0, before each visit
};

/// Class and shape.
std::string case_text(const Case& subject);
/// Begins the reason in the row of a case behind which the device answers no more.
inline constexpr const char* kDeviceLost = "the device is lost: ";

/// Names that every row of this backend carries.
struct RowLabels {
  std::string backend, device, algorithm, fingerprint_id;
};
/// From the fingerprint: "cpu" or "device" names the device; versions of libraries name the algorithm.
RowLabels row_labels(const Backend& backend);

struct CampaignOptions {
  std::size_t first = 0;   ///< visits before it were made by an earlier run
  double elapsed_s = 0.0;  ///< and took this long
  double budget_s = 60.0;
  /// Stop when the budget is spent, whatever is left of the plan; otherwise every visit is made, shortly if
  /// need be.
  bool stop_at_budget = false;
  double visit_most_s = 0.5;  ///< sampling time of one visit
  /// What is skipped, with the reason: classes by their name, single cases by `case_text`.
  std::map<std::string, std::string> excluded{};
};

/// Runs the visits of `plan`; all ranks call it with the same plan. The remaining budget is divided evenly
/// among the remaining visits, so quick ones leave time to slow ones. Returns how many visits of the plan
/// have a row now. Throws BackendError when the device is lost, after handing out the row of the case that
/// did it.
std::size_t run_campaign(Backend& backend, const std::vector<Visit>& plan, const CampaignOptions& options,
                         const Clock& clock, const CampaignEvents& events);

}  // namespace orrery::calibrate
