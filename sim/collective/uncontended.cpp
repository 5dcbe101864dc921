#include "sim/collective/uncontended.hpp"

#include <algorithm>
#include <tuple>

#include "sim/collective/link_loads.hpp"
#include "sim/collective/messages.hpp"

namespace orrery::collective {

namespace {

struct Interval {
  net::LinkId link;
  std::int64_t begin_ns, end_ns;
};

/// Who was on which link when. Messages come almost in order of time, so the last one of each link is compared at once,
/// with memory for one per link. A link on which one came too early for that is marked, and a second walk (`recheck`)
/// collects all of the marked links' messages and sorts them.
class LinkProof {
 public:
  explicit LinkProof(const net::Topology& topology)
      : last_(topology.links().size()), marked_(topology.links().size(), false) {}

  /// False when this message and the one before were on the link at once.
  bool occupy(net::LinkId link, SimTime begin, SimTime end) {
    // Who comes and goes within a nanosecond still meets whoever is there in that nanosecond.
    const Interval now{link, begin.ns, std::max(end.ns, begin.ns + 1)};
    if (rechecking_) {
      if (marked_[link.index()]) intervals_.push_back(now);
      return true;
    }
    Interval& last = last_[link.index()];
    if (now.begin_ns < last.end_ns) {
      if (now.end_ns > last.begin_ns) return false;
      marked_[link.index()] = some_marked_ = true;
      return true;
    }
    last = now;
    return true;
  }

  bool needs_recheck() const { return some_marked_; }
  void recheck() { rechecking_ = true; }
  bool holds() {
    const auto earlier = [](const Interval& a, const Interval& b) {
      return std::tie(a.link, a.begin_ns) < std::tie(b.link, b.begin_ns);
    };
    std::sort(intervals_.begin(), intervals_.end(), earlier);
    for (std::size_t i = 1; i < intervals_.size(); ++i) {
      const Interval &before = intervals_[i - 1], &now = intervals_[i];
      if (before.link == now.link && now.begin_ns < before.end_ns) return false;
    }
    return true;
  }

 private:
  std::vector<Interval> last_;
  std::vector<bool> marked_;
  bool some_marked_ = false;
  bool rechecking_ = false;
  std::vector<Interval> intervals_;
};

class Walk {
 public:
  Walk(const Plan& plan, net::Router& router, std::span<const net::NodeId> nodes, const EndpointCosts& costs)
      : plan_(plan),
        router_(router),
        nodes_(nodes),
        costs_(costs),
        ready_(nodes.size()),
        done_(nodes.size()),
        added_(nodes.size()),
        in_step_(nodes.size(), -1) {}

  /// False as soon as `proof` fails.
  bool run(LinkProof& proof) {
    rank_end_.assign(static_cast<std::size_t>(plan_.ranks), net::ExactTime{});
    uses_.assign(router_.topology().links().size(), {});
    messages_ = 0;
    begins_.assign(plan_.channels.size(), std::vector<net::ExactTime>(nodes_.size()));
    for (std::size_t c = 0; c < plan_.channels.size(); ++c) {
      if (!run_channel(c, proof)) return false;
    }
    return true;
  }

  PlanTiming timing() const {
    PlanTiming timing;
    timing.fidelity = Fidelity::uncontended;
    timing.messages = messages_;
    for (const net::ExactTime& end : rank_end_) timing.rank_time.push_back(end.time.seconds());
    finish_timing(timing, router_.topology(), [this](net::LinkId link) { return uses_[link.index()]; });
    return timing;
  }

 private:
  bool run_channel(std::size_t channel, LinkProof& proof) {
    const Messages messages(plan_, channel, costs_);
    ready_ = begins_[channel];
    std::fill(in_step_.begin(), in_step_.end(), -1);
    std::vector<std::size_t> followers;
    for (std::size_t c = channel + 1; c < plan_.channels.size(); ++c) {
      if (plan_.channels[c].after == static_cast<int>(channel)) followers.push_back(c);
    }
    for (const std::size_t follower : followers) begins_[follower] = ready_;
    for (Messages::Index i = 0; i < messages.end();) {
      const std::int32_t step = messages[i].step;
      in_this_step_.clear();
      for (; i < messages.end() && messages[i].step == step; i = messages.after(i)) {
        if (messages.is_message(i) && !run_message(messages, i, proof)) return false;
      }
      for (const int p : in_this_step_) {
        const auto index = static_cast<std::size_t>(p);
        ready_[index] = done_[index];
        if (added_[index].value() > 0.0) ready_[index] = ready_[index] + added_[index] * messages.adding_pace(p);
        for (const std::size_t follower : followers) {
          if (step < plan_.channels[follower].after_step) begins_[follower][index] = ready_[index];
        }
      }
    }
    for (std::size_t rank = 0; rank < rank_end_.size(); ++rank) {
      rank_end_[rank] = std::max(rank_end_[rank], ready_[rank]);
    }
    return true;
  }

  /// `ready_` is when a participant reached this step, `done_` when it will have everything.
  bool run_message(const Messages& messages, Messages::Index i, LinkProof& proof) {
    const Transfer& t = messages[i];
    const std::size_t from = enter(t.from, t.step), to = enter(t.to, t.step);
    const auto route = router_.route(nodes_[from], nodes_[to]);
    const net::ExactTime start = std::max(ready_[from], ready_[to]);
    const Seconds latency = messages.startup(t.from) + net::route_latency(router_.topology(), route);
    const Bytes size = messages.size(i);
    const net::ExactTime begin = start + latency;
    const net::ExactTime end = route.empty() ? begin
                                             : net::lone_flow_end(start, latency, size,
                                                                  net::route_bandwidth(router_.topology(), route));
    for (const net::LinkId link : route) {
      if (size.value() == 0.0) break;
      if (!proof.occupy(link, begin.time, end.time)) return false;
      uses_[link.index()].carried += size;
      uses_[link.index()].busy += end.time - begin.time;
    }
    added_[to] += messages.added(i);
    done_[from] = std::max(done_[from], end);
    done_[to] = std::max(done_[to], end);
    ++messages_;
    return true;
  }

  std::size_t enter(std::int32_t participant, std::int32_t step) {
    const auto p = static_cast<std::size_t>(participant);
    if (in_step_[p] != step) {
      in_step_[p] = step;
      in_this_step_.push_back(participant);
      done_[p] = ready_[p];
      added_[p] = Bytes(0.0);
    }
    return p;
  }

  const Plan& plan_;
  net::Router& router_;
  std::span<const net::NodeId> nodes_;
  EndpointCosts costs_;
  std::vector<std::vector<net::ExactTime>> begins_;  // by channel and participant
  std::vector<net::ExactTime> ready_, done_;
  std::vector<Bytes> added_;
  std::vector<std::int32_t> in_step_;
  std::vector<int> in_this_step_;
  std::vector<net::ExactTime> rank_end_;
  std::vector<net::LinkUse> uses_;
  std::int64_t messages_ = 0;
};

}  // namespace

std::optional<PlanTiming> time_uncontended(const Plan& plan, net::Router& router, std::span<const net::NodeId> nodes,
                                           const EndpointCosts& costs) {
  if (costs.protocol == Protocol::eager) return std::nullopt;
  LinkProof proof(router.topology());
  Walk walk(plan, router, nodes, costs);
  if (!walk.run(proof)) return std::nullopt;
  if (proof.needs_recheck()) {
    proof.recheck();
    walk.run(proof);
    if (!proof.holds()) return std::nullopt;
  }
  return walk.timing();
}

}  // namespace orrery::collective
