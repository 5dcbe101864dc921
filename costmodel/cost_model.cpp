#include "costmodel/cost_model.hpp"

#include <algorithm>
#include <array>

#include "sim/base/error.hpp"

namespace orrery::cost {

std::string name(Source source) {
  constexpr std::array<const char*, 5> names{"measured", "fitted", "extrapolated", "roofline", "published"};
  return names[static_cast<std::size_t>(source)];
}

double Noise::at(double u) const {
  if (probability.empty()) return 1.0;
  SIM_ASSERT(probability.size() == ratio.size(), "a noise table has one ratio per probability");
  const auto above = std::upper_bound(probability.begin(), probability.end(), u);
  if (above == probability.begin()) return ratio.front();
  if (above == probability.end()) return ratio.back();
  const auto i = static_cast<std::size_t>(above - probability.begin());
  const double share = (u - probability[i - 1]) / (probability[i] - probability[i - 1]);
  return ratio[i - 1] + share * (ratio[i] - ratio[i - 1]);
}

// The quantile function is piecewise linear, so its integral over (0, 1) is the trapezoidal sum plus the flat
// ends.
double Noise::mean() const {
  if (probability.empty()) return 1.0;
  double sum = ratio.front() * probability.front() + ratio.back() * (1.0 - probability.back());
  for (std::size_t i = 1; i < probability.size(); ++i) {
    sum += 0.5 * (ratio[i] + ratio[i - 1]) * (probability[i] - probability[i - 1]);
  }
  return sum;
}

}  // namespace orrery::cost
