// The memory hierarchy of a device as its operators see it: how many seconds one byte costs, depending on how
// much else is touched between two uses of it, and on how many ranks draw on the shared levels at the same
// time. These parameters belong to the machine and are shared by all operator classes. See docs/models.md.
#pragma once

#include "costmodel/cost_model.hpp"
#include "sim/base/fields.hpp"
#include "sim/base/units.hpp"

namespace orrery::cost {

/// Smooth maximum of two parts of a time that overlap: (a^p + b^p)^(1/p). p = 1 adds them (no overlap), p ->
/// infinity is max(a, b) (perfect overlap).
double smooth_max(double a, double b, double p);

struct MemoryLevels {
  BytesPerSec l1_bandwidth{200e9};
  BytesPerSec l2_bandwidth{80e9};
  BytesPerSec l3_bandwidth{40e9};
  BytesPerSec memory_bandwidth{15e9};
  Bytes l1_capacity{40e3};
  Bytes l2_capacity{1e6};
  Bytes l3_capacity{20e6};
  double sharpness = 3.0;
  double l3_sharing = 0.5;
  double l3_contention = 0.1;
  double memory_contention = 0.4;
  BytesPerSec neighbour_traffic{1e9};

  /// Cost of one byte whose working set is W = `working_set` bytes and was last touched `reuse_time` seconds
  /// ago, while `ranks_busy` ranks compute:
  ///   s = s1 + (s2 - s1) h(W/C1) + (s3 - s2) h(W/C2) + (s4 - s3) h(W3/C3), h(x) = x^p / (1 + x^p), s_i =
  ///   1/bandwidth, W3 = (1 + l3_sharing (ranks_busy - 1)) W + neighbour_traffic reuse_time.
  /// Each further busy rank also adds its contention to s3 and s4. Neighbours are whoever else uses the third
  /// level of this host: what they read in the meantime pushes out what lies there untouched.
  double seconds_per_byte(double working_set, int ranks_busy, double reuse_time = 0.0) const;
};

template <class V>
void fields(V& v, MemoryLevels& c) {
  v("l1_bandwidth", c.l1_bandwidth, "bytes per second out of the first cache level", between(1e8, 1e14));
  v("l2_bandwidth", c.l2_bandwidth, "out of the second level", between(1e8, 1e14));
  v("l3_bandwidth", c.l3_bandwidth, "out of the third level, one rank alone", between(1e8, 1e14));
  v("memory_bandwidth", c.memory_bandwidth, "out of main memory, one rank alone", between(1e8, 1e14));
  v("l1_capacity", c.l1_capacity, "working set at which half the bytes miss the first level",
    between(4e3, 1e6));
  v("l2_capacity", c.l2_capacity, "the same for the second level", between(5e4, 2e7));
  v("l3_capacity", c.l3_capacity, "the same for the third level, one rank alone", between(1e6, 1e9));
  v("sharpness", c.sharpness, "exponent of the transition between two levels", between(1, 8));
  v("l3_sharing", c.l3_sharing,
    "part of the third level that a further busy rank takes away: 0 none, 1 an equal share",
    between(1e-3, 1));
  v("l3_contention", c.l3_contention, "growth of the third level's time per byte for each further busy rank",
    between(1e-3, 5));
  v("memory_contention", c.memory_contention, "the same for main memory", between(1e-3, 5));
  v("neighbour_traffic", c.neighbour_traffic, "what others on the host read through the third level",
    between(1e3, 1e12));
}

}  // namespace orrery::cost
