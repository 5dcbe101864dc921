#include "scenarios/link_record.hpp"

#include <algorithm>

namespace orrery::scenario {

LinkRecord::LinkRecord(std::size_t links_of_topology, const std::vector<net::LinkId>& watched, Seconds duration,
                       int intervals, bool keep_changes)
    : index_of_(links_of_topology, -1),
      watched_(watched.size()),
      duration_ns_((SimTime{} + duration).ns),
      intervals_(static_cast<std::size_t>(intervals)),
      keep_changes_(keep_changes) {
  for (std::size_t i = 0; i < watched.size(); ++i) {
    index_of_[watched[i].index()] = static_cast<std::int32_t>(i);
    watched_[i].load_ns.resize(intervals_);
  }
}

std::int64_t LinkRecord::edge(std::size_t interval) const {
  const double share = static_cast<double>(interval) / static_cast<double>(intervals_);
  return interval == intervals_ ? duration_ns_ : static_cast<std::int64_t>(share * static_cast<double>(duration_ns_));
}

void LinkRecord::load_changed(net::LinkId link, SimTime moment, double load) {
  const std::int32_t index = index_of_[link.index()];
  if (index < 0) return;
  if (keep_changes_) changes_.push_back({link, moment, load});
  Watched& watched = watched_[static_cast<std::size_t>(index)];
  add_up(watched, moment.ns);
  watched.load = load;
}

void LinkRecord::add_up(Watched& link, std::int64_t until_ns) {
  until_ns = std::min(until_ns, duration_ns_);
  if (link.load > 0.0 && intervals_ > 0 && duration_ns_ > 0) {
    const double share = static_cast<double>(link.since_ns) / static_cast<double>(duration_ns_);
    auto at = std::min(static_cast<std::size_t>(share * static_cast<double>(intervals_)), intervals_ - 1);
    if (at > 0 && edge(at) > link.since_ns) --at;  // the division rounds, the edges decide
    for (; at < intervals_ && edge(at) < until_ns; ++at) {
      const std::int64_t inside = std::min(until_ns, edge(at + 1)) - std::max(link.since_ns, edge(at));
      if (inside > 0) link.load_ns[at] += link.load * static_cast<double>(inside);
    }
  }
  link.since_ns = std::max(link.since_ns, until_ns);
}

std::vector<double> LinkRecord::utilisation(std::size_t index) {
  Watched& link = watched_[index];
  add_up(link, duration_ns_);
  std::vector<double> means;
  for (std::size_t i = 0; i < intervals_; ++i) {
    const std::int64_t length = edge(i + 1) - edge(i);
    means.push_back(length > 0 ? link.load_ns[i] / static_cast<double>(length) : 0.0);
  }
  return means;
}

}  // namespace orrery::scenario
