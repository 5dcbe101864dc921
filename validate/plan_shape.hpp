// What of a plan's shape matters to the ends of its messages on one machine with few cores: how many messages and links are
// busy at once, and whether a port carries data in both directions. Pure counting.
#pragma once

#include "sim/base/units.hpp"
#include "sim/collective/plan.hpp"

namespace orrery::validate {

struct PlanShape {
  double steps = 0;             ///< of the longest channel
  Bytes through_port{0.0};      ///< of the busiest port of each step and direction, summed over steps
  double links_at_once = 0;     ///< bytes of all messages / through_port: 1 for an incast, P for a ring
  double duplex = 0;            ///< share of through_port that comes with as much the other way: 0 incast, 1 ring
  double crossing = 0;          ///< mean over steps; see below
  int participants = 0;         ///< that send or receive
  Bytes added{0.0};             ///< that the busiest participant of each step adds up, summed over steps
};

/// A step's `crossing`: of its messages, the most that one of them meets on both of its links, others here and others
/// there: min(messages out of its sender, messages into its receiver) - 1. 0 for rings, pairs and incasts, P - 2 where all
/// of P send to all. Steps of the same number in all channels count as simultaneous, and all messages as equally fast.
PlanShape shape_of(const collective::Plan& plan, Bytes element);

}  // namespace orrery::validate
