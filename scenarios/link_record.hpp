// What the flow network tells of its links, folded while it runs: mean utilisation in intervals of equal length for a few
// links, and (for traces) each change of their load.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/net/flow_network.hpp"

namespace orrery::scenario {

class LinkRecord final : public net::LinkObserver {
 public:
  struct Change {
    net::LinkId link;
    SimTime moment;
    double load = 0.0;
  };

  /// `duration` is that of the whole run, known from one before. REQUIRES: intervals >= 0.
  LinkRecord(std::size_t links_of_topology, const std::vector<net::LinkId>& watched, Seconds duration, int intervals,
             bool keep_changes);

  void load_changed(net::LinkId link, SimTime moment, double load) override;

  /// Mean load of each interval, for the watched link of that index. Call after the run, once.
  std::vector<double> utilisation(std::size_t watched);
  const std::vector<Change>& changes() const { return changes_; }

 private:
  struct Watched {
    std::int64_t since_ns = 0;
    double load = 0.0;
    std::vector<double> load_ns;  // by interval: load times nanoseconds
  };

  void add_up(Watched& link, std::int64_t until_ns);
  std::int64_t edge(std::size_t interval) const;  // where the interval begins, in nanoseconds

  std::vector<std::int32_t> index_of_;  // by link; -1: not watched
  std::vector<Watched> watched_;
  std::int64_t duration_ns_;
  std::size_t intervals_;
  bool keep_changes_;
  std::vector<Change> changes_;
};

}  // namespace orrery::scenario
