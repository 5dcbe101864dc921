#include "sim/net/fair_share.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "sim/base/error.hpp"

namespace orrery::net {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Levels that differ by less than this are one level reached by different sums: rounding must not travel through the
/// network as if it were a change. A flow's rate is off by at most about this much, whatever happened before, because
/// every sum is taken over present rates.
constexpr double kSameLevel = 1e-12;

/// A difference that has lost this much of its digits is summed anew.
constexpr double kCancelled = 1e-3;

bool above(double level, double other) {
  return level > other * (1.0 + kSameLevel);
}

}  // namespace

FairShare::FairShare(std::span<const BytesPerSec> capacity) : links_(capacity.size()) {
  for (std::size_t i = 0; i < capacity.size(); ++i) {
    SIM_ASSERT(capacity[i].value() > 0.0, "a link has a bandwidth");
    links_[i].capacity = capacity[i].value();
    links_[i].level = kInfinity;
  }
}

void FairShare::add(FlowIndex index, std::span<const LinkId> links, double weight) {
  SIM_ASSERT(!links.empty() && weight > 0.0, "a flow has a weight and crosses at least one link");
  if (index >= flows_.size()) flows_.resize(index + 1 + index / 2);
  Flow& flow = flows_[index];
  SIM_ASSERT(flow.state == State::absent, "a flow is added once");
  const auto hops = static_cast<std::uint32_t>(links.size());
  if (flow.room < hops) {
    flow.first_place = static_cast<std::uint32_t>(places_.size());
    flow.room = hops;
    places_.resize(places_.size() + hops);
  }
  flow.weight = weight;
  flow.rate = flow.level = 0.0;
  flow.links = links.data();
  flow.hops = hops;
  flow.bottleneck = LinkId{};
  flow.state = State::waiting;
  for (std::uint32_t hop = 0; hop < hops; ++hop) {
    std::vector<Member>& members = links_[links[hop].index()].members;
    places_[flow.first_place + hop] = static_cast<std::uint32_t>(members.size());
    members.push_back({index, hop});
  }
  waiting_.push_back(index);
}

void FairShare::remove(FlowIndex index) {
  Flow& flow = flows_[index];
  SIM_ASSERT(flow.state != State::absent, "only a flow that is in can be removed");
  flow.state = State::absent;
  for (std::uint32_t hop = 0; hop < flow.hops; ++hop) {
    const LinkId id = flow.links[hop];
    Link& link = links_[id.index()];
    const Member last = link.members.back();
    link.members[places_[flow.first_place + hop]] = last;
    places_[flows_[last.flow].first_place + last.hop] = places_[flow.first_place + hop];
    link.members.pop_back();
    link.used -= flow.rate;
    if (link.members.empty()) {
      link.used = 0.0;
      link.level = kInfinity;
    } else if (link.level != kInfinity && !link.disturbed) {
      link.disturbed = true;
      disturbed_.push_back(id);
    }
    touch(id);
  }
}

/// The flow keeps its rate until solve(); its old bottleneck's group no longer counts on it.
void FairShare::set_weight(FlowIndex index, double weight) {
  Flow& flow = flows_[index];
  SIM_ASSERT(flow.state != State::absent && weight > 0.0, "a flow that is in has a weight");
  flow.weight = weight;
  if (flow.state == State::waiting) return;
  flow.state = State::waiting;
  flow.bottleneck = LinkId{};
  waiting_.push_back(index);
}

std::span<const FairShare::FlowIndex> FairShare::solve() {
  changed_.clear();
  for (const FlowIndex index : waiting_) {
    if (flows_[index].state != State::waiting) continue;
    is_alone(flows_[index]) ? grant_alone(index) : thaw(index);
  }
  waiting_.clear();
  for (const LinkId id : disturbed_) {
    links_[id.index()].disturbed = false;
    reschedule(id);
  }
  disturbed_.clear();
  ++sweep_;
  floor_ = 0.0;
  while (!agenda_.empty()) visit(LinkId{static_cast<std::int32_t>(agenda_.top())});
  return changed_;
}

bool FairShare::is_alone(const Flow& flow) const {
  const std::span<const LinkId> links = links_of(flow);
  return std::all_of(links.begin(), links.end(),
                     [this](LinkId id) { return links_[id.index()].members.size() == 1; });
}

/// A flow that shares no link gets the smallest bandwidth of its route; nobody else is concerned.
void FairShare::grant_alone(FlowIndex index) {
  Flow& flow = flows_[index];
  LinkId least = flow.links[0];
  for (const LinkId id : links_of(flow)) {
    if (links_[id.index()].capacity < links_[least.index()].capacity) least = id;
  }
  const double rate = links_[least.index()].capacity;
  if (rate != flow.rate) changed_.push_back(index);
  flow.rate = rate;
  flow.level = rate / flow.weight;
  flow.bottleneck = least;
  flow.state = State::frozen;
  for (const LinkId id : links_of(flow)) {
    Link& link = links_[id.index()];
    link.used = rate;
    link.level = id == least ? flow.level : kInfinity;
    touch(id);
  }
  ++work_.flows;
}

void FairShare::thaw(FlowIndex index) {
  Flow& flow = flows_[index];
  flow.state = State::thawed;
  for (const LinkId id : links_of(flow)) {
    Link& link = links_[id.index()];
    ++link.thawed;
    link.used = link.thawed == link.members.size() ? 0.0 : link.used - flow.rate;
    link.thawed_weight += flow.weight;
    reschedule(id);
    touch(id);
  }
}

/// The level at which a link would be full if only its thawed flows grew, by its sums: not below the sweep's but for
/// their rounding.
double FairShare::fill_level(const Link& link) const {
  if (link.thawed == 0) return kInfinity;
  return std::max(link.capacity - link.used, 0.0) / link.thawed_weight;
}

void FairShare::reschedule(LinkId id) {
  const Link& link = links_[id.index()];
  const double due = std::min(fill_level(link), link.level);
  const auto item = static_cast<std::uint32_t>(id.value);
  due == kInfinity ? agenda_.erase(item) : agenda_.set(item, due);
}

/// Each visit thaws or freezes flows, or takes a link off the agenda that comes back only when one of its flows is thawed
/// or frozen, or moves a link whose sums had drifted, which they cannot do again before that. A flow is frozen once in a
/// sweep at most, so that sweeps end whatever rounding does.
void FairShare::visit(LinkId id) {
  ++work_.links;
  Link& link = links_[id.index()];
  take_stock(link);
  if (above(std::min(fill_level(link), link.level), agenda_.top_key())) {
    reschedule(id);
    if (agenda_.empty() || agenda_.top() != static_cast<std::uint32_t>(id.value)) return;
  }
  fill_level(link) > link.level ? raise_group(id) : limit(id);
}

/// Sums anew what was kept up to date by additions and subtractions. What is left of a crowded link may be a thousandth
/// of it, so the sum of the rates keeps what its additions round off (Neumaier, ZAMM 54, 1974).
void FairShare::take_stock(Link& link) {
  double used = 0.0;
  double lost = 0.0;
  link.thawed_weight = 0.0;
  for (const Member& member : link.members) {
    const Flow& flow = flows_[member.flow];
    if (flow.state == State::thawed) {
      link.thawed_weight += flow.weight;
      continue;
    }
    const double sum = used + flow.rate;
    lost += used >= flow.rate ? (used - sum) + flow.rate : (flow.rate - sum) + used;
    used = sum;
  }
  link.used = used + lost;
}

/// A link whose thawed flows, if it has any, would go above its group: the group has to rise with them, if there is
/// really something to share. What is left over when the group is of this sweep is rounding.
void FairShare::raise_group(LinkId id) {
  Link& link = links_[id.index()];
  double weight = 0.0;
  double rate = 0.0;
  for (const Member& member : link.members) {
    const Flow& flow = flows_[member.flow];
    if (flow.state != State::frozen || flow.bottleneck != id) continue;
    weight += flow.weight;
    rate += flow.rate;
  }
  const double together = (link.capacity - link.used + rate) / (link.thawed_weight + weight);
  if (link.level_of_sweep == sweep_ || (weight > 0.0 && !above(together, link.level))) {
    if (link.thawed == 0) {
      agenda_.erase(static_cast<std::uint32_t>(id.value));
    } else {
      freeze_thawed(id, link.level);
    }
    return;
  }
  link.level = kInfinity;
  for (std::size_t i = 0; i < link.members.size(); ++i) {
    const FlowIndex index = link.members[i].flow;
    if (flows_[index].state == State::frozen && flows_[index].bottleneck == id) thaw(index);
  }
  reschedule(id);
}

/// A link that its thawed flows fill up. Flows above that level have to come down: they are thawed, highest levels
/// first in effect, until the level at which those left above and the thawed ones fill the link together. None of them
/// was frozen in this sweep, as none of those is above the floor.
void FairShare::limit(LinkId id) {
  Link& link = links_[id.index()];
  double level = std::max(fill_level(link), floor_);
  for (;;) {
    double left = link.capacity - link.used;
    double weight = link.thawed_weight;
    for (const Member& member : link.members) {
      const Flow& flow = flows_[member.flow];
      if (flow.state != State::frozen || !above(flow.level, level)) continue;
      left += flow.rate;
      weight += flow.weight;
    }
    const double together = left / weight;
    if (!(together > level)) break;
    level = together;
  }
  if (above(link.level, level)) link.level = kInfinity;  // its group, if any, is thawed below
  bool thawed_more = false;
  for (std::size_t i = 0; i < link.members.size(); ++i) {
    const FlowIndex index = link.members[i].flow;
    if (flows_[index].state != State::frozen || !above(flows_[index].level, level)) continue;
    thaw(index);
    thawed_more = true;
  }
  if (thawed_more) {
    reschedule(id);
    if (agenda_.top() != static_cast<std::uint32_t>(id.value)) return;  // others are due before
    level = std::max(fill_level(link), floor_);
  }
  freeze_thawed(id, link.level != kInfinity ? link.level : level);
}

/// The thawed flows of a full link join its group.
void FairShare::freeze_thawed(LinkId id, double level) {
  Link& link = links_[id.index()];
  const bool takes_all = link.thawed == 1 && link.level == kInfinity && level == fill_level(link);
  const double left = link.capacity - link.used;
  link.level = level;
  link.level_of_sweep = sweep_;
  floor_ = std::max(floor_, level);
  agenda_.erase(static_cast<std::uint32_t>(id.value));
  for (std::size_t i = 0; link.thawed != 0; ++i) {
    const FlowIndex index = link.members[i].flow;
    const Flow& flow = flows_[index];
    if (flow.state == State::thawed) freeze(index, takes_all ? left : flow.weight * level, level, id);
  }
}

void FairShare::freeze(FlowIndex index, double rate, double level, LinkId bottleneck) {
  Flow& flow = flows_[index];
  ++work_.flows;
  if (std::abs(rate - flow.rate) > kSameLevel * flow.rate) {
    flow.rate = rate;
    changed_.push_back(index);
  }
  flow.level = level;
  flow.bottleneck = bottleneck;
  flow.state = State::frozen;
  for (const LinkId id : links_of(flow)) {
    Link& link = links_[id.index()];
    link.used += flow.rate;
    --link.thawed;
    const double weight = link.thawed_weight;
    link.thawed_weight = link.thawed == 0 ? 0.0 : weight - flow.weight;
    if (id == bottleneck) continue;
    if (link.thawed != 0 && link.thawed_weight < kCancelled * weight) take_stock(link);
    reschedule(id);
  }
}

void FairShare::touch(LinkId id) {
  if (!tracking_ || links_[id.index()].touched) return;
  links_[id.index()].touched = true;
  touched_.push_back(id);
}

}  // namespace orrery::net
