#include "validate/plan_shape.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <vector>

namespace orrery::validate {
namespace {

struct Port {
  double in = 0, out = 0, added = 0;
};

struct StepLoad {
  std::vector<Port> ports;
  std::set<std::pair<int, int>> messages;

  int crossing() const {
    std::map<int, int> out, in;
    for (const auto& [from, to] : messages) ++out[from], ++in[to];
    int most = 1;
    for (const auto& [from, to] : messages) most = std::max(most, std::min(out[from], in[to]));
    return most - 1;
  }
};

/// Bytes by step and participant.
std::vector<StepLoad> step_loads(const collective::Plan& plan, Bytes element) {
  std::size_t steps = 0;
  for (const collective::Channel& channel : plan.channels) {
    steps = std::max(steps, static_cast<std::size_t>(channel.steps));
  }
  std::vector<StepLoad> loads(steps, {std::vector<Port>(static_cast<std::size_t>(plan.participants())), {}});
  for (const collective::Channel& channel : plan.channels) {
    for (const collective::Transfer& t : channel.transfers) {
      StepLoad& load = loads[static_cast<std::size_t>(t.step)];
      const double bytes = static_cast<double>(plan.layout.elements(t.from, t.source, t.slots)) * element.value();
      Port& to = load.ports[static_cast<std::size_t>(t.to)];
      if (t.combine == collective::Combine::add) to.added += bytes;
      if (t.from == t.to) continue;
      load.messages.insert({t.from, t.to});
      load.ports[static_cast<std::size_t>(t.from)].out += bytes;
      to.in += bytes;
    }
  }
  return loads;
}

}  // namespace

PlanShape shape_of(const collective::Plan& plan, Bytes element) {
  PlanShape shape;
  double crossing = 0, all = 0, both = 0, through = 0, added = 0;
  std::set<int> active;
  for (const StepLoad& load : step_loads(plan, element)) {
    Port busiest;
    for (const Port& port : load.ports) {
      const auto rank = [](const Port& p) { return std::pair(std::max(p.in, p.out), std::min(p.in, p.out)); };
      if (rank(port) > rank(busiest)) busiest = port;
      all += port.out;
      added = std::max(added, port.added);
    }
    through += std::max(busiest.in, busiest.out);
    both += std::min(busiest.in, busiest.out);
    crossing += load.crossing();
    for (const auto& [from, to] : load.messages) active.insert(from), active.insert(to);
    shape.added += Bytes(added);
    shape.steps += 1;
    added = 0;
  }
  shape.crossing = shape.steps > 0 ? crossing / shape.steps : 0;
  shape.participants = static_cast<int>(active.size());
  shape.through_port = Bytes(through);
  shape.links_at_once = through > 0 ? all / through : 0;
  shape.duplex = through > 0 ? both / through : 0;
  return shape;
}

}  // namespace orrery::validate
