// Hosts on a grid that is closed in each direction, each with a cable to its neighbours; hosts pass traffic on. One
// dimension is a ring. Shared by the builders ring, torus_2d and torus_3d.
#pragma once

#include <vector>

#include "sim/net/topology.hpp"

namespace orrery::net {

/// Hosts are named by their coordinates ("host 1,2"), the first extent running fastest; the links of an extent of 2 are
/// one cable, not two, and an extent of 1 has none. REQUIRES: extents >= 1.
Topology torus(const std::vector<int>& extents, LinkSpec link);

/// Extents for at least `hosts` hosts in `dimensions` (2 or 3) dimensions: as few hosts as possible with no extent more
/// than twice another, then as even as possible, the largest first.
std::vector<int> torus_extents(int hosts, int dimensions);

}  // namespace orrery::net
