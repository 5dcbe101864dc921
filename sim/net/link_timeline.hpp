// Utilisation of links over time in bounded memory: a fixed number of bins that become twice as wide, two being merged
// into one, whenever the run grows beyond them. Bins hold mean loads, so that nothing carried is lost, only the moment
// of it is blurred. For results, charts and trace counters; watches a FlowNetwork as its observer.
#pragma once

#include <vector>

#include "sim/net/flow_network.hpp"
#include "sim/net/topology.hpp"
#include "sim/observe/trace.hpp"

namespace orrery::net {

class LinkTimeline final : public LinkObserver {
 public:
  /// Up to `bins` bins, at least half of them in use once the run is longer than `bins` nanoseconds. REQUIRES: bins even
  /// and positive.
  explicit LinkTimeline(const Topology& topology, int bins = 128);

  void load_changed(LinkId link, SimTime moment, double load) override;
  /// Ends the record; call it once, at the end of the run. REQUIRES: not before the last change.
  void close(SimTime end);

  /// All bins begin at a multiple of this; the last one ends at the end of the record.
  Seconds bin_width() const { return SimTime{width_ns_}.seconds(); }
  /// The links that carried something, by id.
  std::vector<LinkId> links() const;
  /// Mean load, 0..1, in each bin from time 0 to the end of the record. REQUIRES: closed.
  std::vector<double> utilisation(LinkId link) const;
  /// The same as trace counters of the track "network", one per link that carried something.
  void sample(observe::Trace& trace) const;

 private:
  struct Track {
    std::int64_t since_ns = 0;  // the load holds from here on and is not in the bins yet
    double load = 0.0;
    std::vector<double> load_ns;  // per bin: load times nanoseconds; empty while nothing was carried
  };

  void grow_to(std::int64_t moment_ns);
  void fold(Track& track, std::int64_t until_ns);

  const Topology& topology_;
  std::size_t bins_;
  std::int64_t width_ns_ = 1;
  std::int64_t end_ns_ = 0;
  std::vector<Track> tracks_;  // by link
};

}  // namespace orrery::net
