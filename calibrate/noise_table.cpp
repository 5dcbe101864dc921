#include "calibrate/noise_table.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include "calibrate/sweep.hpp"
#include "sim/base/stats.hpp"

namespace orrery::calibrate {
namespace {

/// Calls below which a class has no distribution of its own: the 1 % quantile needs a few hundred.
constexpr int kCallsLeast = 400;

/// Ratios to the median, each with the share of calls it stands for.
struct Mixture {
  std::vector<std::pair<double, double>> weighted;
  int calls = 0;

  /// One visit adds its quantiles; each stands for the probability between the middles to its neighbours.
  void add(const Distribution& times) {
    calls += times.samples;
    const double weight =
        std::sqrt(static_cast<double>(times.samples));  // long visits must not drown the others
    for (std::size_t i = 0; i < kQuantileGrid.size(); ++i) {
      const double low = i == 0 ? 0.0 : 0.5 * (kQuantileGrid[i - 1] + kQuantileGrid[i]);
      const bool is_last = i + 1 == kQuantileGrid.size();
      const double high = is_last ? 1.0 : 0.5 * (kQuantileGrid[i] + kQuantileGrid[i + 1]);
      weighted.emplace_back(times.quantiles_s[i] / times.median_s, weight * (high - low));
    }
  }

  /// Quantiles of the mixture: the weighted values as a step function, read between the middles of its steps.
  std::vector<double> quantiles() {
    std::sort(weighted.begin(), weighted.end());
    double total = 0.0;
    for (const auto& [ratio, weight] : weighted) total += weight;
    std::vector<double> result;
    std::size_t i = 0;
    double below = 0.0;
    for (const double p : kQuantileGrid) {
      while (i + 1 < weighted.size() && below + weighted[i].second < p * total) below += weighted[i++].second;
      result.push_back(weighted[i].first);
    }
    // The estimate is a median, so the ratio at 1/2 is 1 by definition.
    const auto middle = std::find(kQuantileGrid.begin(), kQuantileGrid.end(), 0.5) - kQuantileGrid.begin();
    const double centre = result[static_cast<std::size_t>(middle)];
    for (double& ratio : result) ratio = std::round(ratio / centre * 1e4) / 1e4;
    return result;
  }
};

}  // namespace

std::vector<double> noise_time_limits() {
  return {0.0, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e4};
}

std::vector<cost::NoiseEntry> noise_entries(const std::vector<Measurement>& rows) {
  const std::vector<double> limits = noise_time_limits();
  std::map<std::pair<std::string, std::size_t>, Mixture> mixtures;
  for (const Measurement& row : rows) {
    if (row.times.samples < kTailCallsLeast || !(row.times.quantiles_s.front() > 0.0)) continue;
    std::size_t regime = 0;
    while (regime + 2 < limits.size() && row.times.median_s >= limits[regime + 1]) ++regime;
    mixtures[{"any", regime}].add(row.times);
    mixtures[{class_name(row.subject), regime}].add(row.times);
  }
  std::vector<cost::NoiseEntry> entries;
  for (auto& [key, mixture] : mixtures) {
    if (key.first != "any" && mixture.calls < kCallsLeast) continue;
    entries.push_back(
        {key.first, Seconds(limits[key.second]), Seconds(limits[key.second + 1]), mixture.quantiles()});
  }
  return entries;
}

std::vector<cost::Anchor> condense_anchors(const std::vector<Measurement>& rows) {
  std::vector<cost::Anchor> anchors;
  for (const char* aspect : {"compute", "memory", "small", "communication"}) {
    std::vector<double> logs;
    cost::Anchor condensed;
    for (const Measurement& row : rows) {
      if (!row.is_anchor || anchor_aspect(class_name(row.subject)) != aspect) continue;
      condensed.class_name = class_name(row.subject);
      condensed.shape = shape_text(row.subject);
      condensed.ranks_busy = row.conditions.ranks_busy;
      condensed.reuse_distance = row.conditions.reuse_distance;
      logs.push_back(std::log(row.times.median_s));
    }
    if (logs.empty()) continue;
    condensed.aspect = aspect;
    condensed.median = Seconds(std::exp(median(logs)));
    condensed.spread = 1.4826 * median_absolute_deviation(logs);
    condensed.visits = static_cast<int>(logs.size());
    anchors.push_back(condensed);
  }
  return anchors;
}

double common_drift(const std::vector<cost::Anchor>& anchors) {
  std::vector<double> spreads;
  for (const cost::Anchor& anchor : anchors) {
    if (anchor.visits > 2 && anchor.aspect != "communication") spreads.push_back(anchor.spread);
  }
  return spreads.empty() ? 0.0 : median(spreads);
}

}  // namespace orrery::calibrate
