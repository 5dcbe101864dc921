// Bandwidths of a collective as nccl-tests defines them, so that figures can be held against its tables:
// algbw is the size over the time, busbw is what one rank's link must have carried for it, comparable between
// kinds and group sizes.
#pragma once

#include "costmodel/collective.hpp"
#include "sim/base/units.hpp"

namespace orrery::calibrate {

struct CollectiveBandwidth {
  BytesPerSec algbw{0.0};  ///< S / t
  BytesPerSec busbw{0.0};  ///< algbw * cost::busbw_factor
};

/// REQUIRES: time > 0.
CollectiveBandwidth bandwidth(const cost::CollectiveCase& collective, Seconds time);

}  // namespace orrery::calibrate
