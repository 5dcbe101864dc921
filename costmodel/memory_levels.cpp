#include "costmodel/memory_levels.hpp"

#include <algorithm>

#include "sim/base/portable_math.hpp"

namespace orrery::cost {
namespace {

double power(double base, double exponent) {
  return portable_exp(exponent * portable_log(base));
}

/// Share of the bytes that miss a level of this capacity: x^p / (1 + x^p), x = working set / capacity.
double miss_share(double working_set, double capacity, double sharpness) {
  return 1.0 / (1.0 + power(capacity / working_set, sharpness));
}

}  // namespace

double smooth_max(double a, double b, double p) {
  const double high = std::max(a, b), low = std::min(a, b);
  if (!(low > 0.0)) return high;
  return high * power(1.0 + power(low / high, p), 1.0 / p);
}

double MemoryLevels::seconds_per_byte(double working_set, int ranks_busy, double reuse_time) const {
  const double others = std::max(0, ranks_busy - 1);
  const double s1 = 1.0 / l1_bandwidth.value(), s2 = 1.0 / l2_bandwidth.value();
  const double s3 = (1.0 + l3_contention * others) / l3_bandwidth.value();
  const double s4 = (1.0 + memory_contention * others) / memory_bandwidth.value();
  const double w = std::max(working_set, 1.0);
  const double in_l3 = w * (1.0 + l3_sharing * others) + neighbour_traffic.value() * reuse_time;
  const double beyond_l2 = miss_share(w, l2_capacity.value(), sharpness);
  return s1 + (s2 - s1) * miss_share(w, l1_capacity.value(), sharpness) +
         beyond_l2 * (s3 - s2 + (s4 - s3) * miss_share(in_l3, l3_capacity.value(), sharpness));
}

}  // namespace orrery::cost
