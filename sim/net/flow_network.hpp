// Flows on links in simulated time: weighted max-min fair sharing, cut-through (a flow occupies all links of its route
// at once, at one rate), after a start-up of the route's latency during which it occupies nothing. A flow of S bytes
// alone therefore takes latency + S / bandwidth. When a flow starts or ends, rates are solved anew only as far as some
// rate really changes (fair_share.hpp); all starts and ends of one instant are solved together.
//
// Time is integer nanoseconds: a flow ends when its completion event fires, not when "remaining < eps"; each completion
// is rounded to the nearest nanosecond. What rounding took is not lost: a flow that a listener starts when it hears of an
// end starts at the exact moment of that end (exact_time.hpp).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "sim/base/units.hpp"
#include "sim/kernel/process.hpp"
#include "sim/kernel/simulator.hpp"
#include "sim/net/exact_time.hpp"
#include "sim/net/routing.hpp"
#include "sim/net/topology.hpp"

namespace orrery::net {

/// A flow on its way, by value; one that ended or was cancelled is recognised as stale.
struct FlowId {
  std::uint32_t index = UINT32_MAX;
  std::uint32_t generation = 0;
};

/// Who is told that a flow has delivered its last byte.
class FlowListener {
 public:
  /// Called at the instant of the end; may start flows.
  virtual void flow_ended(std::uint64_t token) = 0;

 protected:
  ~FlowListener() = default;
};

/// When a flow that is alone on its route ends: the same arithmetic as in the network, so the same nanosecond.
/// `latency` includes what passes before the route's (start's `startup`), added up before.
ExactTime lone_flow_end(ExactTime start, Seconds latency, Bytes size, BytesPerSec bandwidth);

/// What a link has carried since the start of the run.
struct LinkUse {
  Bytes carried{0.0};   ///< exact for ended flows, to the present instant for those on their way
  Seconds busy{0.0};    ///< time with at least one flow
  int flows = 0;        ///< now
  double load = 0.0;    ///< share of the bandwidth in use now, 0..1
};

/// Is told of each change of a link's load; for traces and utilisation over time. Costs nothing when absent.
class LinkObserver {
 public:
  /// From `moment` on, `load` of the link's bandwidth is in use (0..1).
  virtual void load_changed(LinkId link, SimTime moment, double load) = 0;

 protected:
  ~LinkObserver() = default;
};

class FlowNetwork {
 public:
  /// Keeps references to all three; they outlive the network.
  FlowNetwork(kernel::Simulator& simulator, Router& router, LinkObserver* observer = nullptr);
  ~FlowNetwork();
  FlowNetwork(const FlowNetwork&) = delete;
  FlowNetwork& operator=(const FlowNetwork&) = delete;

  /// Starts a flow at exact_now(); `listener.flow_ended(token)` follows. `startup` passes before the route's latency. A
  /// flow between a node and itself, and one of 0 bytes, takes start-up and latency alone: with start-up a timer that
  /// keeps exact time. The listener outlives the flow. REQUIRES: size >= 0, weight > 0, startup >= 0.
  FlowId start(NodeId from, NodeId to, Bytes size, FlowListener& listener, std::uint64_t token, double weight = 1.0,
               Seconds startup = Seconds(0.0));
  /// Takes a flow off the network at once; its listener is not told. False when it ended before.
  bool cancel(FlowId flow);
  /// The same as a process: `co_await network.transfer(a, b, 1_MiB)`. Destroying it cancels the flow. It starts and goes
  /// on at whole nanoseconds.
  kernel::Process<> transfer(NodeId from, NodeId to, Bytes size, double weight = 1.0);

  /// While a listener is told: the exact end of its flow. Ends of one nanosecond are told in their exact order, equal
  /// ones in the order of the starts, so the last of several that somebody waits for is the latest. Else the clock.
  ExactTime exact_now() const;

  LinkUse use(LinkId link) const;
  std::size_t active_flows() const;
  const Topology& topology() const;
  Router& router();
  kernel::Simulator& simulator();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace orrery::net
