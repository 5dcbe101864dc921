#include "calibrate/drift.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <tuple>

#include "calibrate/sweep.hpp"
#include "sim/base/stats.hpp"

namespace orrery::calibrate {
namespace {

/// Moves of an anchor below this are its own noise: they must not be carried over to others.
constexpr double kAnchorNoise = 0.03;
/// No class can follow the machine more than fully, but for the noise of this estimate.
constexpr double kCouplingMost = 1.2;

/// log(anchor / its median) over time.
class AnchorSeries {
 public:
  AnchorSeries(const std::vector<Measurement>& rows, const std::string& aspect) {
    for (const Measurement& row : rows) {
      if (!row.is_anchor || anchor_aspect(class_name(row.subject)) != aspect) continue;
      start_s_.push_back(row.start_s);
      state_.push_back(std::log(row.times.median_s));
    }
    if (state_.empty()) return;
    const double middle = median(state_);
    for (double& state : state_) state -= middle;
  }

  /// Mean of the visits before and after. REQUIRES: starts ascend, as a sweep writes them.
  double at(double start_s) const {
    if (state_.empty()) return 0.0;
    const auto after = static_cast<std::size_t>(std::upper_bound(start_s_.begin(), start_s_.end(), start_s) -
                                                start_s_.begin());
    const std::size_t before = after == 0 ? 0 : after - 1;
    return 0.5 * (state_[before] + state_[std::min(after, state_.size() - 1)]);
  }

 private:
  std::vector<double> start_s_, state_;
};

/// Sums for the regression of a class's log times on the anchor, each case around its own mean.
struct Coupling {
  double product = 0.0, square = 0.0;
  int visits = 0;
  double value() const {
    const double ridge = visits * kAnchorNoise * kAnchorNoise;
    return square > 0.0 ? std::clamp(product / (square + ridge), 0.0, kCouplingMost) : 0.0;
  }
};

}  // namespace

std::vector<double> drift_corrections(const std::vector<Measurement>& rows) {
  const AnchorSeries compute(rows, "compute");
  const AnchorSeries communication(rows, "communication");
  std::vector<double> states(rows.size(), 0.0);
  using Key = std::tuple<std::string, std::string, int, double>;
  std::map<Key, std::vector<std::size_t>> cases;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Measurement& row = rows[i];
    const bool is_collective = std::holds_alternative<cost::CollectiveCase>(row.subject);
    states[i] = (is_collective ? communication : compute).at(row.start_s);
    if (row.is_anchor) continue;  // would explain themselves
    cases[{class_name(row.subject), shape_text(row.subject), row.conditions.ranks_busy,
           row.conditions.reuse_distance.value()}]
        .push_back(i);
  }

  std::map<std::string, Coupling> couplings;
  for (const auto& [key, members] : cases) {
    RunningStats time, state;
    for (const std::size_t i : members) {
      time.add(std::log(rows[i].times.median_s));
      state.add(states[i]);
    }
    Coupling& coupling = couplings[std::get<0>(key)];
    for (const std::size_t i : members) {
      const double moved = states[i] - state.mean();
      coupling.product += (std::log(rows[i].times.median_s) - time.mean()) * moved;
      coupling.square += moved * moved;
      ++coupling.visits;
    }
  }

  std::vector<double> corrections;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto found = couplings.find(class_name(rows[i].subject));
    corrections.push_back(found == couplings.end() ? 0.0 : found->second.value() * states[i]);
  }
  return corrections;
}

}  // namespace orrery::calibrate
