#include "sim/net/link_timeline.hpp"

#include <algorithm>

#include "sim/base/error.hpp"

namespace orrery::net {

LinkTimeline::LinkTimeline(const Topology& topology, int bins)
    : topology_(topology), bins_(static_cast<std::size_t>(bins)), tracks_(topology.links().size()) {
  SIM_ASSERT(bins > 0 && bins % 2 == 0, "bins are merged in pairs");
}

void LinkTimeline::load_changed(LinkId link, SimTime moment, double load) {
  grow_to(moment.ns);
  Track& track = tracks_[link.index()];
  fold(track, moment.ns);
  track.load = load;
}

void LinkTimeline::close(SimTime end) {
  SIM_ASSERT(end.ns >= end_ns_, "a record ends after its last change");
  grow_to(end.ns);
  for (Track& track : tracks_) fold(track, end.ns);
}

void LinkTimeline::grow_to(std::int64_t moment_ns) {
  end_ns_ = std::max(end_ns_, moment_ns);
  while (static_cast<std::int64_t>(bins_) < (end_ns_ + width_ns_ - 1) / width_ns_) {
    width_ns_ *= 2;
    for (Track& track : tracks_) {
      if (track.load_ns.empty()) continue;
      for (std::size_t i = 0; i < bins_ / 2; ++i) track.load_ns[i] = track.load_ns[2 * i] + track.load_ns[2 * i + 1];
      std::fill(track.load_ns.begin() + static_cast<std::ptrdiff_t>(bins_ / 2), track.load_ns.end(), 0.0);
    }
  }
}

/// Adds the load since the last change to the bins that it spans.
void LinkTimeline::fold(Track& track, std::int64_t until_ns) {
  if (track.load > 0.0 && track.load_ns.empty()) track.load_ns.resize(bins_, 0.0);
  for (std::int64_t from = track.since_ns; track.load > 0.0 && from < until_ns;) {
    const std::int64_t bin = from / width_ns_;
    const std::int64_t to = std::min(until_ns, (bin + 1) * width_ns_);
    track.load_ns[static_cast<std::size_t>(bin)] += track.load * static_cast<double>(to - from);
    from = to;
  }
  track.since_ns = until_ns;
}

std::vector<LinkId> LinkTimeline::links() const {
  std::vector<LinkId> result;
  for (std::size_t i = 0; i < tracks_.size(); ++i) {
    if (!tracks_[i].load_ns.empty()) result.push_back(LinkId{static_cast<std::int32_t>(i)});
  }
  return result;
}

std::vector<double> LinkTimeline::utilisation(LinkId link) const {
  const Track& track = tracks_[link.index()];
  const auto count = static_cast<std::size_t>((end_ns_ + width_ns_ - 1) / width_ns_);
  std::vector<double> result(count, 0.0);
  for (std::size_t i = 0; i < count && !track.load_ns.empty(); ++i) {
    const auto begin = static_cast<std::int64_t>(i) * width_ns_;
    result[i] = track.load_ns[i] / static_cast<double>(std::min(end_ns_, begin + width_ns_) - begin);
  }
  return result;
}

void LinkTimeline::sample(observe::Trace& trace) const {
  if (!trace.enabled()) return;
  for (const LinkId link : links()) {
    const observe::CounterId counter = trace.counter("network", topology_.link_name(link));
    const std::vector<double> loads = utilisation(link);
    for (std::size_t i = 0; i < loads.size(); ++i) {
      if (i > 0 && loads[i] == loads[i - 1]) continue;
      trace.sample(counter, SimTime{static_cast<std::int64_t>(i) * width_ns_}, loads[i]);
    }
    trace.sample(counter, SimTime{end_ns_}, 0.0);
  }
}

}  // namespace orrery::net
