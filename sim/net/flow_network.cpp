#include "sim/net/flow_network.hpp"

#include <algorithm>
#include <cmath>

#include "sim/base/error.hpp"
#include "sim/kernel/intrusive_list.hpp"
#include "sim/net/fair_share.hpp"
#include "sim/net/indexed_heap.hpp"

namespace orrery::net {
namespace {

enum class Phase : std::uint8_t { free, starting, sharing, ended };

struct Flow {
  Phase phase = Phase::free;
  std::uint32_t generation = 0;
  double remaining = 0.0;  // bytes, at `since`
  double rate = 0.0;       // bytes per second from `since` on
  ExactTime since;         // with a rest until the rate first changes, so that a flow alone is rounded once
  ExactTime end;
  double size = 0.0;
  double weight = 1.0;
  std::span<const LinkId> route;
  std::uint64_t sequence = 0;
  std::uint64_t token = 0;
  FlowListener* listener = nullptr;

  double remaining_at(SimTime moment) const {
    const double passed = (moment - since.time - since.rest_seconds()).value();
    return std::max(remaining - rate * std::max(passed, 0.0), 0.0);
  }
};

/// What a link has carried; flows on their way are added when somebody asks.
struct Tally {
  double carried = 0.0;
  std::int64_t busy_ns = 0;
  std::int64_t busy_since_ns = 0;
  int flows = 0;
};

std::vector<BytesPerSec> capacities(const Topology& topology) {
  std::vector<BytesPerSec> result;
  for (const Link& link : topology.links()) result.push_back(link.bandwidth);
  return result;
}

}  // namespace

ExactTime lone_flow_end(ExactTime start, Seconds latency, Bytes size, BytesPerSec bandwidth) {
  const ExactTime joins = start + latency;
  return size.value() == 0.0 ? joins : joins + size / bandwidth;
}

struct FlowNetwork::State {
  State(kernel::Simulator& s, Router& r, LinkObserver* o)
      : simulator(s), router(r), observer(o), shares(capacities(r.topology())), tallies(r.topology().links().size()) {
    if (observer != nullptr) {
      shares.track_links();
      told.resize(tallies.size(), 0.0);
    }
  }
  ~State() { timer.cancel(); }

  std::uint32_t take_slot() {
    if (free_slots.empty()) {
      free_slots.push_back(static_cast<std::uint32_t>(flows.size()));
      flows.emplace_back();
      free_slots.reserve(flows.capacity());
    }
    const std::uint32_t index = free_slots.back();
    free_slots.pop_back();
    return index;
  }
  void release(std::uint32_t index) {
    Flow& flow = flows[index];
    flow.phase = Phase::free;
    ++flow.generation;
    free_slots.push_back(index);
  }

  void join(std::uint32_t index);
  void leave(std::uint32_t index, double left);
  void finish_due();
  void notify();
  void share();
  void settle(std::uint32_t index, double rate);
  void advance();
  void arm();
  void tell_observer();

  kernel::Simulator& simulator;
  Router& router;
  LinkObserver* observer;
  FairShare shares;
  std::vector<Flow> flows;
  std::vector<std::uint32_t> free_slots;
  std::vector<Tally> tallies;
  std::vector<double> told;       // the load that the observer knows
  IndexedHeap<std::int64_t> due;  // each flow once: its start of sharing, then its end
  std::vector<std::uint32_t> ended;
  std::vector<FlowId> telling;
  kernel::EventHandle timer;
  SimTime armed;
  std::uint64_t sequence = 0;
  std::int32_t told_rest = 0;  // of the flow whose listener is being told
  bool advancing = false;
  bool changed = false;  // flows joined or left since rates were last solved
  kernel::IntrusiveList<kernel::ListNode> transfers;
};

void FlowNetwork::State::join(std::uint32_t index) {
  Flow& flow = flows[index];
  flow.phase = Phase::sharing;
  shares.add(index, flow.route, flow.weight);
  changed = true;
  for (const LinkId link : flow.route) {
    Tally& tally = tallies[link.index()];
    if (tally.flows++ == 0) tally.busy_since_ns = simulator.now().ns;
  }
}

/// Takes a sharing flow off its links, `left` bytes before its end.
void FlowNetwork::State::leave(std::uint32_t index, double left) {
  Flow& flow = flows[index];
  shares.remove(index);
  changed = true;
  for (const LinkId link : flow.route) {
    Tally& tally = tallies[link.index()];
    tally.carried += flow.size - left;
    if (--tally.flows == 0) tally.busy_ns += simulator.now().ns - tally.busy_since_ns;
  }
}

/// Everything that is due now: flows whose latency is over join, flows that have delivered their last byte leave.
void FlowNetwork::State::finish_due() {
  while (!due.empty() && due.top_key() <= simulator.now().ns) {
    const std::uint32_t index = due.top();
    due.pop();
    Flow& flow = flows[index];
    if (flow.phase == Phase::starting && flow.size > 0.0 && !flow.route.empty()) {
      join(index);
      continue;
    }
    if (flow.phase == Phase::sharing) leave(index, 0.0);
    flow.phase = Phase::ended;
    ended.push_back(index);
  }
}

/// Tells the listeners of this instant's ended flows. A listener may start flows and cancel others, also ones whose turn
/// is still to come.
void FlowNetwork::State::notify() {
  const auto earlier = [this](std::uint32_t a, std::uint32_t b) {
    const Flow& x = flows[a];
    const Flow& y = flows[b];
    return x.end.rest != y.end.rest ? x.end.rest < y.end.rest : x.sequence < y.sequence;
  };
  if (!std::is_sorted(ended.begin(), ended.end(), earlier)) std::sort(ended.begin(), ended.end(), earlier);
  telling.clear();
  for (const std::uint32_t index : ended) telling.push_back({index, flows[index].generation});
  ended.clear();
  for (const FlowId id : telling) {
    const Flow& flow = flows[id.index];
    if (flow.generation != id.generation) continue;
    FlowListener& listener = *flow.listener;
    const std::uint64_t token = flow.token;
    told_rest = flow.end.rest;
    release(id.index);
    listener.flow_ended(token);
  }
  told_rest = 0;
}

void FlowNetwork::State::settle(std::uint32_t index, double rate) {
  Flow& flow = flows[index];
  const SimTime now = simulator.now();
  if (flow.rate > 0.0) {
    flow.remaining = flow.remaining_at(now);
    flow.since = {now, 0};
  }
  flow.rate = rate;
  flow.end = flow.since + Seconds(flow.remaining / rate);
  due.set(index, flow.end.time.ns);
}

void FlowNetwork::State::share() {
  changed = false;
  for (const std::uint32_t index : shares.solve()) settle(index, shares.rate(index).value());
  if (observer != nullptr) tell_observer();
}

void FlowNetwork::State::tell_observer() {
  shares.for_each_touched_link([this](LinkId link) {
    const double load = shares.used(link) / router.topology().link(link).bandwidth;
    if (load == told[link.index()]) return;
    told[link.index()] = load;
    observer->load_changed(link, simulator.now(), load);
  });
}

/// One instant: all that is due, then the listeners, then the new rates; again if that made more due now.
void FlowNetwork::State::advance() {
  advancing = true;
  do {
    finish_due();
    notify();
    if (changed && (due.empty() || due.top_key() > simulator.now().ns)) share();
  } while (!due.empty() && due.top_key() <= simulator.now().ns);
  advancing = false;
  arm();
}

/// One kernel event stands for all flows: at the earliest moment at which something is due. One that turns out to be
/// too early finds nothing to do and arms the next.
void FlowNetwork::State::arm() {
  if (due.empty() && !changed) return;
  const SimTime next = changed ? simulator.now() : SimTime{due.top_key()};
  if (timer.pending()) {
    if (armed <= next) return;
    timer.cancel();
  }
  armed = next;
  timer = simulator.at(next, [this] { advance(); });
}

FlowNetwork::FlowNetwork(kernel::Simulator& simulator, Router& router, LinkObserver* observer)
    : state_(std::make_unique<State>(simulator, router, observer)) {}
FlowNetwork::~FlowNetwork() = default;

FlowId FlowNetwork::start(NodeId from, NodeId to, Bytes size, FlowListener& listener, std::uint64_t token,
                          double weight, Seconds startup) {
  SIM_ASSERT(size.value() >= 0.0 && weight > 0.0 && startup.value() >= 0.0, "a flow has a size and a weight");
  State& s = *state_;
  const std::span<const LinkId> route = s.router.route(from, to);
  const std::uint32_t index = s.take_slot();
  Flow& flow = s.flows[index];
  flow.phase = Phase::starting;
  flow.route = route;
  flow.size = flow.remaining = size.value();
  flow.rate = 0.0;
  flow.weight = weight;
  flow.sequence = s.sequence++;
  flow.token = token;
  flow.listener = &listener;
  flow.since = flow.end = exact_now() + (startup + route_latency(s.router.topology(), route));
  s.due.set(index, flow.since.time.ns);
  if (!s.advancing) s.arm();
  return {index, flow.generation};
}

bool FlowNetwork::cancel(FlowId id) {
  State& s = *state_;
  if (id.index >= s.flows.size()) return false;
  Flow& flow = s.flows[id.index];
  if (flow.phase == Phase::free || flow.generation != id.generation) return false;
  if (flow.phase == Phase::sharing) s.leave(id.index, flow.remaining_at(s.simulator.now()));
  s.due.erase(id.index);
  s.release(id.index);
  if (!s.advancing) s.arm();
  return true;
}

namespace {

/// `co_await` on a flow. Lives in the waiting process's frame; dying before the end it cancels the flow, and once the
/// end is told it withdraws the process's wake-up. Unlisted when the network dies first.
class Transfer final : public kernel::ListNode, public FlowListener {
 public:
  Transfer(FlowNetwork& network, kernel::IntrusiveList<kernel::ListNode>& transfers, NodeId from, NodeId to, Bytes size,
           double weight)
      : network_(network), transfers_(transfers), from_(from), to_(to), size_(size), weight_(weight) {}
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;
  ~Transfer() {
    if (linked()) network_.cancel(flow_);
    if (simulator_ != nullptr) simulator_->withdraw(woken_, coroutine_);
  }

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiting) {
    coroutine_ = waiting.address();
    transfers_.push_back(*this);
    flow_ = network_.start(from_, to_, size_, *this, 0, weight_);
  }
  void await_resume() noexcept { simulator_ = nullptr; }

  void flow_ended(std::uint64_t) override {
    unlink();
    simulator_ = &network_.simulator();
    woken_ = simulator_->now();
    simulator_->schedule(woken_, coroutine_);
  }

 private:
  FlowNetwork& network_;
  kernel::IntrusiveList<kernel::ListNode>& transfers_;
  NodeId from_, to_;
  Bytes size_;
  double weight_;
  FlowId flow_;
  void* coroutine_ = nullptr;
  kernel::Simulator* simulator_ = nullptr;  // set while the wake-up is scheduled
  SimTime woken_;
};

}  // namespace

kernel::Process<> FlowNetwork::transfer(NodeId from, NodeId to, Bytes size, double weight) {
  Transfer transfer(*this, state_->transfers, from, to, size, weight);
  co_await transfer;
}

ExactTime FlowNetwork::exact_now() const {
  return {state_->simulator.now(), state_->told_rest};
}

LinkUse FlowNetwork::use(LinkId link) const {
  const State& s = *state_;
  const Tally& tally = s.tallies[link.index()];
  const SimTime now = s.simulator.now();
  double carried = tally.carried;
  s.shares.for_each_flow_on(link, [&](std::uint32_t index) {
    carried += s.flows[index].size - s.flows[index].remaining_at(now);
  });
  std::int64_t busy_ns = tally.busy_ns;
  if (tally.flows > 0) busy_ns += now.ns - tally.busy_since_ns;
  return {Bytes(carried), SimTime{busy_ns}.seconds(), tally.flows,
          s.shares.used(link) / s.router.topology().link(link).bandwidth};
}

std::size_t FlowNetwork::active_flows() const {
  return state_->flows.size() - state_->free_slots.size();
}
const Topology& FlowNetwork::topology() const {
  return state_->router.topology();
}
Router& FlowNetwork::router() {
  return state_->router;
}
kernel::Simulator& FlowNetwork::simulator() {
  return state_->simulator;
}

}  // namespace orrery::net
