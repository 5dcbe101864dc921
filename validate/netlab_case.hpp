// What `validate netlab` does on the lab's network, as data: the cases, each of them a collective plan, and the runs that
// were measured. The same case gives the same plan to the ranks that execute it and to the simulator that predicts it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/base/fields.hpp"
#include "sim/base/units.hpp"
#include "sim/collective/plan.hpp"

namespace orrery::validate {

/// Patterns of messages. Those before `collective` are for calibration only, the others are scored.
enum class NetlabPattern : std::uint8_t {
  ping_pong,   ///< rank 0 sends to rank 1, which sends it back
  stream,      ///< rank 0 sends to rank 1
  exchange,    ///< ranks 0 and 1 send to each other at the same time
  pairs,       ///< all ranks exchange, two by two
  relay,       ///< six times over, each rank sends to the next what it received (calibration of steps without rest)
  everyone,    ///< each rank sends to every other one at the same time
  fan_in,      ///< all others send to rank 0
  collective,  ///< an all-reduce by `algorithm`
  two_jobs,    ///< two of them at the same time, on halves of the ranks that share host 0's link
  library      ///< the MPI library's own all-reduce: measured beside, not predicted
};
std::vector<std::string_view> names_of(NetlabPattern);

struct NetlabCase {
  NetlabPattern pattern = NetlabPattern::collective;
  std::string algorithm;
  int ranks = 2;
  Bytes size{0.0};
  bool adds = false;       ///< received numbers are added up rather than copied (calibration patterns)
  bool slow_link = false;  ///< on the lab where one host's link is slower
};
template <class V>
void fields(V& v, NetlabCase& c) {
  v("pattern", c.pattern, "who sends to whom", required());
  v("algorithm", c.algorithm, "collective algorithm (orrery list collective_algorithms); empty for calibration patterns");
  v("ranks", c.ranks, "ranks that take part; a parameter server comes on top", between(2, 16).required());
  v("size", c.size, "of one rank's buffer, or of one message", more_than(0).required());
  v("adds", c.adds, "received numbers are added up");
  v("slow_link", c.slow_link, "one host's link is slower");
}

/// "ring, 1 MiB" and the like; one per case.
std::string case_name(const NetlabCase& netlab_case);
/// Throws ScenarioError when the algorithm is unknown or cannot do it. REQUIRES: not the library's.
collective::Plan netlab_plan(const NetlabCase& netlab_case);

/// A lab, as scripts/netlab makes it.
struct NetlabNetwork {
  int hosts = 2;
  BytesPerSec rate{0.0};
  int slow_host = 1;
  BytesPerSec slow_rate{0.0};
};
template <class V>
void fields(V& v, NetlabNetwork& c) {
  v("hosts", c.hosts, "network namespaces on one bridge", between(2, 16).required());
  v("rate", c.rate, "to which each direction of a host's link is shaped", more_than(0).required());
  v("slow_host", c.slow_host, "the host whose link is slower in the cases with a slow link");
  v("slow_rate", c.slow_rate, "its rate there", more_than(0).required());
}

/// One case as it was measured; the list has one value per repeat.
struct NetlabRun {
  NetlabCase what;
  std::string predictions_hash;
  std::vector<double> times_s;
};
template <class V>
void fields(V& v, NetlabRun& c) {
  v("case", c.what, "what ran", required());
  v("predictions_hash", c.predictions_hash, "seal of the predictions that were there before this run; none in calibration");
  v("times_s", c.times_s, "from the common start until the last rank was done", required());
}

/// What one start of the ranks has to do.
struct NetlabWork {
  std::vector<NetlabCase> cases;
  int repeats = 10;
  std::string predictions_hash;
};
template <class V>
void fields(V& v, NetlabWork& c) {
  v("cases", c.cases, "in this order, all of them in each repeat");
  v("repeats", c.repeats, "after one that is not recorded", between(1, 10000));
  v("predictions_hash", c.predictions_hash, "copied into the runs");
}

}  // namespace orrery::validate
