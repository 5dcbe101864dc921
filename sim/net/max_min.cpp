#include "sim/net/max_min.hpp"

#include <algorithm>
#include <limits>

#include "sim/base/error.hpp"

namespace orrery::net {
namespace {

/// One link while the flows' common level rises: what is left for the flows that are not frozen yet.
struct Filling {
  double left = 0.0;
  double weight = 0.0;
  std::vector<std::size_t> flows;
  std::size_t growing = 0;  // flows not frozen yet
};

std::vector<Filling> empty_links(std::span<const BytesPerSec> capacity, std::span<const FlowPath> flows) {
  std::vector<Filling> links(capacity.size());
  for (std::size_t l = 0; l < links.size(); ++l) links[l].left = capacity[l].value();
  for (std::size_t f = 0; f < flows.size(); ++f) {
    SIM_ASSERT(!flows[f].links.empty() && flows[f].weight > 0.0, "a flow has a weight and crosses at least one link");
    for (const LinkId link : flows[f].links) {
      links[link.index()].weight += flows[f].weight;
      links[link.index()].flows.push_back(f);
      ++links[link.index()].growing;
    }
  }
  return links;
}

}  // namespace

/// Each round freezes the flows of the link that fills up at the lowest level; no other link fills before it, so at
/// most one round per link is needed.
std::vector<BytesPerSec> max_min_rates(std::span<const BytesPerSec> capacity, std::span<const FlowPath> flows) {
  std::vector<Filling> links = empty_links(capacity, flows);
  std::vector<BytesPerSec> rates(flows.size());
  std::vector<bool> frozen(flows.size(), false);
  for (;;) {
    Filling* full = nullptr;
    double level = std::numeric_limits<double>::infinity();
    for (Filling& link : links) {
      if (link.growing == 0) continue;
      const double here = std::max(link.left, 0.0) / link.weight;
      if (here < level) level = here, full = &link;
    }
    if (full == nullptr) return rates;
    for (const std::size_t f : full->flows) {
      if (frozen[f]) continue;
      frozen[f] = true;
      rates[f] = BytesPerSec(flows[f].weight * level);
      for (const LinkId l : flows[f].links) {
        Filling& link = links[l.index()];
        link.left -= rates[f].value();
        link.weight -= flows[f].weight;
        --link.growing;
      }
    }
  }
}

}  // namespace orrery::net
