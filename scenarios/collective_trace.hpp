// A collective as a Chrome trace: one span per rank from the common start to its end, and the load of the busiest links as
// counters. Cases stand one after the other, each on a process row of its own.
#pragma once

#include <string>
#include <vector>

#include "scenarios/collective_report.hpp"
#include "scenarios/link_record.hpp"
#include "sim/collective/executor.hpp"
#include "sim/observe/trace.hpp"

namespace orrery::scenario {

class CollectiveTrace {
 public:
  explicit CollectiveTrace(bool enabled) : trace_(enabled) {}
  /// `changes` in order of time, counted from the start of this case.
  void add(const net::Topology& topology, const CollectiveCaseReport& c, const collective::PlanTiming& timing,
           const std::vector<LinkRecord::Change>& changes);
  /// Chrome trace events as JSON.
  std::string text() const;

 private:
  observe::Trace trace_;
};

}  // namespace orrery::scenario
