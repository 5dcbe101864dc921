#include "sim/net/torus.hpp"

#include <algorithm>

#include "sim/base/error.hpp"

namespace orrery::net {

Topology torus(const std::vector<int>& extents, LinkSpec link) {
  Topology topology;
  int hosts = 1;
  for (const int extent : extents) hosts *= extent;
  for (int i = 0; i < hosts; ++i) {
    std::string name = "host ";
    int rest = i;
    for (const int extent : extents) {
      name += (name.size() > 5 ? "," : "") + std::to_string(rest % extent);
      rest /= extent;
    }
    topology.add_host(std::move(name), NodeRole::forwarding_host);
  }
  for (int i = 0; i < hosts; ++i) {
    int stride = 1;
    for (const int extent : extents) {
      const int at = i / stride % extent;
      const bool last = at == extent - 1;
      const int next = last ? i - at * stride : i + stride;
      if (extent > 1 && !(last && extent == 2)) {
        topology.connect(topology.hosts()[static_cast<std::size_t>(i)],
                         topology.hosts()[static_cast<std::size_t>(next)], link);
      }
      stride *= extent;
    }
  }
  topology.set_dimensions(extents);
  return topology;
}

std::vector<int> torus_extents(int hosts, int dimensions) {
  SIM_ASSERT(dimensions == 2 || dimensions == 3, "a torus of two or three dimensions");
  const std::int64_t wanted = std::max(hosts, 1);
  std::vector<int> best;
  std::int64_t fewest = INT64_MAX;
  const auto consider = [&](std::vector<std::int64_t> extents) {
    std::sort(extents.rbegin(), extents.rend());
    std::int64_t product = 1;
    for (const std::int64_t extent : extents) product *= extent;
    if (extents.front() > 2 * extents.back() || product < wanted) return;
    const bool more_even = product == fewest && extents.front() - extents.back() < best.front() - best.back();
    if (product < fewest || more_even) fewest = product, best.assign(extents.begin(), extents.end());
  };
  // The smallest extent z has z^dimensions <= hosts or is the first beyond it.
  for (std::int64_t z = 1; z == 1 || (z - 1) * (z - 1) * (dimensions == 3 ? z - 1 : 1) < wanted; ++z) {
    if (dimensions == 2) {
      consider({z, std::max(z, (wanted + z - 1) / z)});
      continue;
    }
    for (std::int64_t y = z; y <= 2 * z; ++y) consider({z, y, std::max(y, (wanted + z * y - 1) / (z * y))});
  }
  return best;
}

}  // namespace orrery::net
