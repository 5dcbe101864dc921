// The white-box time of a collective on a fabric: the cheapest of the algorithms that the fabric offers (ring, tree,
// in-network reduction, direct) under each wire protocol,
//   time = a + b + 2 pipelining sqrt(a b),   a = launch + steps * hop,   b = S * volume / (bandwidth * efficiency)
// on two levels: hops and bytes within the domain and between domains, where the slower level sets the pace. The cross
// term is that of a pipeline cut into segments of the best size, (sqrt a + sqrt b)^2 (Traff, Ripke, Siebert et al.,
// EuroPVM/MPI 2008). Formulas, regimes and their sources: docs/collective-costs.md.
#pragma once

#include <string>

#include "costmodel/collective_stack.hpp"
#include "costmodel/fabric.hpp"

namespace orrery::cost {

struct FabricTime {
  double seconds = 0.0;
  const char* algorithm = "";  ///< "ring", "tree", "nvls", "nvls_tree", "direct", "exchange"
  const char* protocol = "";   ///< "LL", "LL128", "Simple"
};

/// REQUIRES: ranks >= 1, 1 <= nodes <= ranks, bytes >= 0. One rank alone needs no time.
FabricTime fabric_time(const FabricSpec& spec, const CollectiveStack& stack, const FabricCase& c);

/// Domains that the ranks really span: GPUs of several trays may share one NVLink domain (NVL72).
int domains(const FabricSpec& spec, const FabricCase& c);

}  // namespace orrery::cost
