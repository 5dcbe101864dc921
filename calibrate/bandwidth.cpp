#include "calibrate/bandwidth.hpp"

#include "sim/base/error.hpp"

namespace orrery::calibrate {

CollectiveBandwidth bandwidth(const cost::CollectiveCase& collective, Seconds time) {
  SIM_ASSERT(time > Seconds(0.0), "a bandwidth needs a time");
  const BytesPerSec algbw = collective.bytes / time;
  return {algbw, algbw * cost::busbw_factor(collective.kind, collective.ranks)};
}

}  // namespace orrery::calibrate
