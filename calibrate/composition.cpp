#include "calibrate/composition.hpp"

#include <algorithm>

namespace orrery::calibrate {

int Composition::lanes() const {
  int most = 0;
  for (const CompositionStep& step : steps) most = std::max(most, step.lane + 1);
  return most;
}

}  // namespace orrery::calibrate
