#include "sim/base/error_summary.hpp"

#include <cmath>
#include <vector>

#include "sim/base/stats.hpp"

namespace orrery {

ErrorSummary summarise_errors(std::span<const double> signed_errors) {
  if (signed_errors.empty()) return {};
  std::vector<double> absolute;
  for (const double error : signed_errors) absolute.push_back(std::abs(error));
  return {static_cast<int>(signed_errors.size()), median(absolute), quantile(absolute, 0.9), median(signed_errors)};
}

}  // namespace orrery
