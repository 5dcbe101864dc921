// What the ends of the lab's links cost, fitted on calibration runs alone: other patterns (ping-pong, streams, exchanges)
// and other sizes than those that are scored. Seven terms, each with a meaning; nothing is fitted on a collective.
//
//   T = start p + steps (alpha + crossing c) + (bytes / rate) (headers + acknowledgements d + sharing (l - 1)) + added gamma
//
// with the plan's shape (plan_shape.hpp): p participants, c crossing messages, l links at once, d duplex share. The shaper
// counts Ethernet, IP and TCP headers, so `headers` is above 1 (1514 / 1448 = 1.046 for full segments); where a port
// carries data in both directions, acknowledgements take their part of it; `start` (waking up, once) and `sharing` are the
// cores, which all ranks share. `crossing` is what two queues in series lose when messages take turns in both: a link may
// rest while what it waits for stands in another queue.
#pragma once

#include <string>
#include <vector>

#include "sim/base/fields.hpp"
#include "sim/base/units.hpp"
#include "validate/netlab_case.hpp"
#include "validate/plan_shape.hpp"

namespace orrery::validate {

struct NetlabFit {
  Seconds start{0.0}, alpha{0.0}, crossing{0.0};
  double headers = 1, acknowledgements = 0, sharing = 0;
  SecondsPerByte gamma{0.0};
  double median_error = 0, worst_error = 0;
};
template <class V>
void fields(V& v, NetlabFit& c) {
  v("start", c.start, "once, for each participant that wakes up");
  v("alpha", c.alpha, "start-up of a message");
  v("crossing", c.crossing, "more of it for each message that it meets on both of its links");
  v("headers", c.headers, "bytes on the wire per byte of data");
  v("acknowledgements", c.acknowledgements, "more of them where data goes both ways");
  v("sharing", c.sharing, "more time per byte for each further link that is busy");
  v("gamma", c.gamma, "adding up received numbers");
  v("median_error", c.median_error, "of the fit on the calibration runs");
  v("worst_error", c.worst_error, "of the fit on the calibration runs");
}

/// Least squares of relative errors of the medians; no term is negative. Throws ScenarioError when the runs leave a term
/// open.
NetlabFit fit_netlab(const std::vector<NetlabRun>& calibration, BytesPerSec rate);

/// The formula above. Eager messages make no difference in the calibration patterns: all their steps are alike.
Seconds netlab_formula(const NetlabFit& fit, const PlanShape& shape, BytesPerSec rate);

}  // namespace orrery::validate
