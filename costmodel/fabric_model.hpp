// The white-box time of a collective on a fabric: the cheapest of the algorithms that the fabric offers (ring, tree,
// in-network reduction, direct) under each wire protocol,
//   time = a + b + 2 pipelining sqrt(a b),   a = launch + steps * hop,   b = S * volume / (bandwidth * efficiency)
// on two levels: hops and bytes within the domain and between domains, where the slower level sets the pace. The cross
// term is that of a pipeline cut into segments of the best size, (sqrt a + sqrt b)^2 (Traff, Ripke, Siebert et al.,
// EuroPVM/MPI 2008). Formulas, regimes and their sources: docs/collective-costs.md.
#pragma once

#include <cstdint>
#include <string>

#include "costmodel/collective_stack.hpp"
#include "costmodel/fabric.hpp"

namespace orrery::cost {

/// NVLink or PCIe of one GPU; the adapters of one domain.
enum class FabricLevel : std::uint8_t { domain, network };

struct FabricTime {
  double seconds = 0.0;
  const char* algorithm = "";  ///< "ring", "tree", "nvls", "nvls_tree", "direct", "exchange"
  const char* protocol = "";   ///< "LL", "LL128", "Simple"
  double start = 0.0;          ///< a: what would be left without bytes
  FabricLevel pace = FabricLevel::domain;  ///< the slower level: its bandwidth sets b
  Bytes carried{0.0};          ///< by that level in one direction, without flags
};

/// REQUIRES: ranks >= 1, 1 <= nodes <= ranks, bytes >= 0. One rank alone needs no time.
FabricTime fabric_time(const FabricSpec& spec, const CollectiveStack& stack, const FabricCase& c);

/// The datasheet's bandwidth in one direction: of one GPU among its peers, or of the adapters that a domain's ranks use,
/// each the ones beside it.
BytesPerSec level_bandwidth(const FabricSpec& spec, const FabricCase& c, FabricLevel level);

/// Domains that the ranks really span: GPUs of several trays may share one NVLink domain (NVL72).
int domains(const FabricSpec& spec, const FabricCase& c);

}  // namespace orrery::cost
