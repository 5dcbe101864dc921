// A plan in simulated time. Two fidelities behind one interface: `uncontended` walks the plan's dependencies with
// latency + bytes / bandwidth per message and then proves that no link ever carried two messages at once; `events`
// starts flows on a network that shares links. Where the first one's proof holds both give the same nanosecond;
// `automatic` takes the first where it holds and the second otherwise. Eager messages (below) are for events alone.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/units.hpp"
#include "sim/collective/plan.hpp"
#include "sim/kernel/process.hpp"
#include "sim/net/flow_network.hpp"

namespace orrery::collective {

/// When a message starts, in the words of MPI.
enum class Protocol : std::uint8_t {
  rendezvous,  ///< when both ends have reached its step, as plan.hpp has it; both wait for its end
  eager        ///< when its sender has, who goes on at once: the receiver's memory holds it until it is wanted there.
               ///< Messages from one participant to another travel one after the other, in the order of their starts
};

/// What the ends of a message cost beside the wire.
struct EndpointCosts {
  Seconds alpha{0.0};          ///< software start-up of a message, before its first byte is on the wire
  SecondsPerByte gamma{0.0};   ///< a participant adds up received bytes at this pace, after its step's receives; both
                               ///< cost nothing at a switch that reduces
  Bytes element{1.0};          ///< size of one element
  Protocol protocol = Protocol::rendezvous;
};

enum class Fidelity : std::uint8_t { automatic, uncontended, events };
constexpr auto names_of(Fidelity) {
  return std::array<std::string_view, 3>{"automatic", "uncontended", "events"};
}

struct LinkLoad {
  net::LinkId link;
  Bytes carried{0.0};
  Seconds busy{0.0};
  double utilisation = 0.0;  ///< carried / (bandwidth * time of the whole collective)
};

struct PlanTiming {
  Seconds time{0.0};               ///< from the common start until the last rank is done
  std::vector<Seconds> rank_time;  ///< one per rank
  Fidelity fidelity = Fidelity::events;
  std::vector<LinkLoad> links;     ///< of every link that carried something, by link id
  std::int64_t messages = 0;
};

/// Times one collective alone on the network, all ranks starting together. `nodes[i]` holds participant i. REQUIRES:
/// one node per participant. With Fidelity::uncontended nothing comes back where some link is shared or messages are
/// eager. An observer is told by events alone: `automatic` takes them when there is one.
std::optional<PlanTiming> time_plan(const Plan& plan, net::Router& router, std::span<const net::NodeId> nodes,
                                    const EndpointCosts& costs, Fidelity fidelity = Fidelity::automatic,
                                    net::LinkObserver* observer = nullptr);

/// A collective among the processes of a simulation, beside other traffic. Ranks join when they get there; each goes on
/// when its own part is done. Helpers take part from the start.
///   PlanRun run(network, plan, nodes, costs);            // shared by all ranks, outlives their joining
///   co_await run.join(rank);                             // in each rank's process
class PlanRun {
 public:
  PlanRun(net::FlowNetwork& network, const Plan& plan, std::span<const net::NodeId> nodes, EndpointCosts costs);
  ~PlanRun();
  PlanRun(const PlanRun&) = delete;
  PlanRun& operator=(const PlanRun&) = delete;

  /// REQUIRES: each rank joins once. Destroying the process before its part is done cancels the whole run's traffic.
  kernel::Process<> join(int rank);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace orrery::collective
