// The two averages that maximum likelihood asks for: of the times, and of their logarithms.
#pragma once

#include <cmath>
#include <span>

#include "sim/base/stats.hpp"
#include "sim/base/units.hpp"

namespace orrery::straggler {

inline Seconds mean_of(std::span<const Seconds> times) {
  RunningStats stats;
  for (Seconds t : times) stats.add(t.value());
  return Seconds(stats.mean());
}

/// Mean and population variance of ln t, t in seconds.
struct LogMoments {
  double mean = 0.0;
  double variance = 0.0;
};
inline LogMoments log_moments_of(std::span<const Seconds> times) {
  RunningStats stats;
  for (Seconds t : times) stats.add(std::log(t.value()));
  const auto n = static_cast<double>(times.size());
  return {stats.mean(), stats.variance() * (n - 1.0) / n};
}

}  // namespace orrery::straggler
