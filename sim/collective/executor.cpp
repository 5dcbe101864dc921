#include "sim/collective/executor.hpp"

#include <deque>
#include <utility>

#include <fmt/format.h>

#include "sim/collective/engine.hpp"
#include "sim/collective/link_loads.hpp"
#include "sim/collective/uncontended.hpp"
#include "sim/kernel/intrusive_list.hpp"
#include "sim/kernel/sync.hpp"

namespace orrery::collective {

namespace {

PlanTiming time_with_events(const Plan& plan, net::Router& router, std::span<const net::NodeId> nodes,
                            const EndpointCosts& costs, net::LinkObserver* observer) {
  kernel::Simulator simulator;
  net::FlowNetwork network(simulator, router, observer);
  Engine engine(network, plan, nodes, costs);
  for (int rank = 0; rank < plan.ranks; ++rank) engine.arrive(rank);
  simulator.run();
  PlanTiming timing;
  timing.fidelity = Fidelity::events;
  timing.messages = engine.messages();
  for (int rank = 0; rank < plan.ranks; ++rank) {
    SIM_ASSERT(engine.done(rank), "a plan whose ranks all arrive ends");
    timing.rank_time.push_back(engine.end_of(rank).seconds());
  }
  finish_timing(timing, router.topology(), [&network](net::LinkId link) { return network.use(link); });
  return timing;
}

}  // namespace

std::optional<PlanTiming> time_plan(const Plan& plan, net::Router& router, std::span<const net::NodeId> nodes,
                                    const EndpointCosts& costs, Fidelity fidelity, net::LinkObserver* observer) {
  SIM_ASSERT(nodes.size() == static_cast<std::size_t>(plan.participants()), "each participant has a node");
  const bool walks = fidelity == Fidelity::uncontended || (fidelity == Fidelity::automatic && observer == nullptr);
  if (walks) {
    auto timing = time_uncontended(plan, router, nodes, costs);
    if (timing || fidelity == Fidelity::uncontended) return timing;
  }
  return time_with_events(plan, router, nodes, costs, observer);
}

namespace {

/// Lives in the frame of a joined process: when that dies early the run ends. Unlisted when the run dies first.
class Membership final : public kernel::ListNode {
 public:
  Membership(kernel::IntrusiveList<Membership>& members, Engine& engine, int rank) : engine_(engine), rank_(rank) {
    members.push_back(*this);
    engine.arrive(rank);
  }
  Membership(const Membership&) = delete;
  Membership& operator=(const Membership&) = delete;
  ~Membership() {
    if (linked() && !engine_.done(rank_)) engine_.cancel();
  }

 private:
  Engine& engine_;
  int rank_;
};

}  // namespace

struct PlanRun::State final : RankListener {
  State(net::FlowNetwork& network, const Plan& plan, std::span<const net::NodeId> nodes, const EndpointCosts& costs)
      : engine(network, plan, nodes, costs, this) {
    for (int rank = 0; rank < plan.ranks; ++rank) {
      gates.emplace_back(network.simulator(), fmt::format("{} {}, rank {}", plan.algorithm, name(plan.kind), rank));
    }
  }

  void rank_done(int rank) override { gates[static_cast<std::size_t>(rank)].open(); }

  std::deque<kernel::Gate> gates;  // by rank: open once its part is done
  Engine engine;
  kernel::IntrusiveList<Membership> members;
};

PlanRun::PlanRun(net::FlowNetwork& network, const Plan& plan, std::span<const net::NodeId> nodes, EndpointCosts costs)
    : state_(std::make_unique<State>(network, plan, nodes, costs)) {}
PlanRun::~PlanRun() = default;

kernel::Process<> PlanRun::join(int rank) {
  const Membership membership(state_->members, state_->engine, rank);
  co_await state_->gates[static_cast<std::size_t>(rank)].wait();
}

}  // namespace orrery::collective
