// Which cases `validate netlab` calibrates with, and which it scores: the sizes, patterns and algorithms of its labs, by
// the number of ranks.
#pragma once

#include <vector>

#include "validate/netlab_case.hpp"

namespace orrery::validate {

/// The lab for collectives of `ranks` ranks: one host more, for the parameter server; the slow link has half the rate.
NetlabNetwork netlab_network(int ranks, BytesPerSec rate);

/// Ping-pong, stream, exchange of two, four and all ranks, with and without adding, six steps around a ring, all to all,
/// all to one. No size is one of the scored cases' messages.
std::vector<NetlabCase> calibration_cases(int ranks);

/// All-reduces of several sizes by the flat algorithms and the library; some with a slow link, some as two jobs that share
/// a link. Those with a slow link are the last ones. REQUIRES: 4 <= ranks <= 8.
std::vector<NetlabCase> scored_cases(int ranks);

}  // namespace orrery::validate
