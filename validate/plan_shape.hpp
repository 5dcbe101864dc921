// What of a plan's shape matters to the ends of its messages on one machine with few cores: how many messages and links are
// busy at once, and whether a port carries data in both directions. Pure counting.
#pragma once

#include "sim/base/units.hpp"
#include "sim/collective/plan.hpp"

namespace orrery::validate {

struct PlanShape {
  double steps = 0;             ///< of the longest channel
  double messages_at_once = 0;  ///< mean over steps
  Bytes through_port{0.0};      ///< of the busiest port of each step and direction, summed over steps
  double links_at_once = 0;     ///< bytes of all messages / through_port: 1 for an incast, P for a ring
  double duplex = 0;            ///< share of through_port that comes with as much the other way: 0 incast, 1 ring
  Bytes added{0.0};             ///< that the busiest participant of each step adds up, summed over steps
};

/// Steps of the same number in all channels count as simultaneous, and all messages as equally fast.
PlanShape shape_of(const collective::Plan& plan, Bytes element);

}  // namespace orrery::validate
