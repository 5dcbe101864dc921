#include "workloads/train/uncertainty.hpp"

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "sim/base/portable_math.hpp"
#include "sim/base/stats.hpp"

namespace orrery::train {
namespace {

/// Deviation of the median of n samples, as a share of it: 1.2533 s / sqrt(n) for a near-normal distribution
/// (Kendall and Stuart), with s from the median absolute deviation because single steps have heavy tails.
double median_error(std::span<const Seconds> steps) {
  if (steps.size() < 8) return 0.0;
  std::vector<double> values;
  for (const Seconds step : steps) values.push_back(step.value());
  const double deviation = 1.4826 * median_absolute_deviation(values);
  return 1.2533 * deviation / std::sqrt(static_cast<double>(values.size())) / median(values);
}

}  // namespace

double Uncertainty::total() const {
  return std::sqrt(model * model + drift * drift + sampling * sampling);
}

Uncertainty uncertainty(const StepTimes& times, double exposed_share, double drift,
                        std::span<const Seconds> steps) {
  std::map<std::string, double> by_class;
  double total = 0.0;
  const auto count = [&](const TimedWork& work, double weight) {
    const double time = weight * work.estimate.time.value();
    total += time;
    by_class[work.group] += time * work.estimate.rel_error;
  };
  for (const TimedWork& node : times.nodes) count(node, 1.0);
  for (const TimedWork& bucket : times.buckets) count(bucket, exposed_share);
  double squares = 0.0;
  for (const auto& [group, error] : by_class) squares += error * error;

  Uncertainty result;
  result.model = total > 0.0 ? std::sqrt(squares) / total : 0.0;
  result.drift = drift;
  result.sampling = std::sqrt(2.0) * median_error(steps);
  return result;
}

Limits80 limits80(Seconds predicted, double relative) {
  const double factor = portable_exp(1.2815515655446004 * relative);
  return {predicted / factor, predicted * factor};
}

}  // namespace orrery::train
