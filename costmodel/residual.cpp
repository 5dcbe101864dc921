#include "costmodel/residual.hpp"

#include <algorithm>
#include <cmath>

#include "sim/base/error.hpp"

namespace orrery::cost {

double wendland(double r) {
  if (r >= 1.0) return 0.0;
  const double near = 1.0 - r, near2 = near * near;
  return near2 * near2 * near2 * near * (7.0 * r + 1.0);
}

double Residual::distance_outside(const Features& features) const {
  double worst = 0.0;
  for (std::size_t d = 0; d < low.size(); ++d) {
    worst = std::max({worst, low[d] - features.x[d], features.x[d] - high[d]});
  }
  return worst;
}

// Near measured points the local leave-one-out error counts; where no point is near, the white-box error.
Residual::Answer Residual::at(const Features& features) const {
  const std::size_t dimensions = length.size();
  SIM_ASSERT(features.count == dimensions && points.size() == dimensions * count(),
             "a residual has the features of its class");
  Answer answer;
  const double typical = typical_error > 0.0 ? typical_error : prior_error;
  double total = 0.0, squares = 0.0;  // covariance to all points, and their squared errors weighted with it
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const double* point = points.data() + i * dimensions;
    double square = 0.0;
    for (std::size_t d = 0; d < dimensions; ++d) {
      const double step = (features.x[d] - point[d]) / length[d];
      square += step * step;
    }
    if (square >= 1.0) continue;
    const double covariance = wendland(std::sqrt(square));
    answer.log_correction += weights[i] * covariance;
    total += covariance;
    squares += covariance * std::min(held_out[i] * held_out[i], 6.25 * typical * typical);
  }
  // The neighbours are few, so the class counts like two more of them; a single outlier counts as 2.5
  // deviations.
  const double local = (squares + 2.0 * typical * typical) / (total + 2.0);
  const double known = total / (total + 0.25);  // a quarter of one coincident point counts as half known
  const double far = growth * distance_outside(features);
  answer.error = std::sqrt(known * local + (1.0 - known) * prior_error * prior_error + far * far);
  answer.inside =
      distance_outside(features) <= 0.35;  // a factor of 1.4 beyond the last point is still its place
  return answer;
}

}  // namespace orrery::cost
