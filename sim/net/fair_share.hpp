// Weighted max-min fair rates that follow a changing set of flows: the incremental form of max_min_rates. It knows no
// time. Flows are added, removed and re-weighted; solve() then touches flows and links only as far as some rate really
// changes, and says which flows have a new rate.
//
// Words. A flow's level is its rate per weight. A link that is full and limits some flows has a level, which is the level
// of those flows (its group) and the highest of any flow on it; other links have the level infinity. Rates are max-min
// fair exactly when each flow belongs to the group of a link that is full and on which no flow has a higher level
// (Bertsekas and Gallager, Data Networks, 1992, section 6.5.2).
//
// Method: progressive filling that thaws flows only when it must. A sweep visits disturbed links in the order of the
// level at which something happens there, as Dijkstra's algorithm visits nodes:
//  - a link whose thawed flows would fill it at level t thaws the flows above t, and when none is left freezes its thawed
//    flows at t: they are its group;
//  - a link with a group at level t and room for more thaws that group.
// Thawing and freezing change what is left on the flows' other links, which never moves something there before t. At the
// end every flow is frozen and the condition above holds on every link (docs/flows.md has the proof).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sim/base/units.hpp"
#include "sim/net/indexed_heap.hpp"
#include "sim/net/topology.hpp"

namespace orrery::net {

class FairShare {
 public:
  using FlowIndex = std::uint32_t;

  explicit FairShare(std::span<const BytesPerSec> capacity);

  /// Flows have numbers of the caller's choice, best small ones that are used again. `links` must live as long as the
  /// flow is in. REQUIRES: `flow` is not in; links not empty, each at most once; weight > 0.
  void add(FlowIndex flow, std::span<const LinkId> links, double weight = 1.0);
  /// REQUIRES: `flow` is in.
  void remove(FlowIndex flow);
  void set_weight(FlowIndex flow, double weight);

  /// Brings all rates up to date. Returns the flows whose rate changed, new ones among them, until the next call.
  std::span<const FlowIndex> solve();

  /// As of the last solve(); 0 for flows added since.
  BytesPerSec rate(FlowIndex flow) const { return BytesPerSec(flows_[flow].rate); }
  /// A link that limits the flow: full, and no flow on it has a higher level.
  LinkId bottleneck(FlowIndex flow) const { return flows_[flow].bottleneck; }
  /// Sum of the rates on a link.
  BytesPerSec used(LinkId link) const { return BytesPerSec(links_[link.index()].used); }
  std::size_t flows_on(LinkId link) const { return links_[link.index()].members.size(); }
  template <class Visitor>
  void for_each_flow_on(LinkId link, Visitor visit) const {
    for (const Member& member : links_[link.index()].members) visit(member.flow);
  }

  /// For observers: from here on links are noted on which flows come, go or may change their rate.
  void track_links() { tracking_ = true; }
  /// Visits the links noted since the last call.
  template <class Visitor>
  void for_each_touched_link(Visitor visit) {
    for (const LinkId id : touched_) {
      links_[id.index()].touched = false;
      visit(id);
    }
    touched_.clear();
  }

  /// What solve() has done so far: flows given a rate, links visited. For benches and tests of locality.
  struct Work {
    std::uint64_t flows = 0;
    std::uint64_t links = 0;
  };
  const Work& work() const { return work_; }

 private:
  enum class State : std::uint8_t { absent, waiting, thawed, frozen };

  struct Flow {
    double weight = 0.0;
    double rate = 0.0;   // while thawed: the rate before
    double level = 0.0;  // rate / weight
    const LinkId* links = nullptr;
    std::uint32_t hops = 0;
    std::uint32_t first_place = 0;  // places_[first_place + i]: where the flow stands in the list of its i-th link
    std::uint32_t room = 0;         // places held from first_place on
    LinkId bottleneck;
    State state = State::absent;
  };
  struct Member {
    FlowIndex flow;
    std::uint32_t hop;
  };
  struct Link {
    double capacity = 0.0;
    double used = 0.0;  // by frozen flows; outside of solve() all are
    double level = 0.0;
    double thawed_weight = 0.0;
    std::uint64_t level_of_sweep = 0;  // the last one that froze flows here
    std::uint32_t thawed = 0;
    bool disturbed = false;  // lost a flow, or changed otherwise, since the last solve()
    bool touched = false;
    std::vector<Member> members;
  };

  std::span<const LinkId> links_of(const Flow& flow) const { return {flow.links, flow.hops}; }
  bool is_alone(const Flow& flow) const;
  void grant_alone(FlowIndex index);
  void thaw(FlowIndex index);
  void reschedule(LinkId id);
  void visit(LinkId id);
  void raise_group(LinkId id);
  void limit(LinkId id);
  double fill_level(const Link& link) const;
  void freeze_thawed(LinkId id, double level);
  void freeze(FlowIndex index, double rate, double level, LinkId bottleneck);
  void take_stock(Link& link);
  void touch(LinkId id);

  std::vector<Flow> flows_;
  std::vector<Link> links_;
  std::vector<std::uint32_t> places_;
  std::vector<FlowIndex> waiting_;
  std::vector<LinkId> disturbed_;
  std::vector<FlowIndex> changed_;
  std::vector<LinkId> touched_;
  IndexedHeap<double> agenda_;  // links by the level at which something happens there
  std::uint64_t sweep_ = 0;
  double floor_ = 0.0;  // highest level at which this sweep has frozen flows: exactly, nothing is due below it
  bool tracking_ = false;
  Work work_;
};

}  // namespace orrery::net
