// A stream of a device: an in-order queue in front of one resource that does one piece of work at a time,
// such as the compute or the communication stream of a rank. Leaves a span per piece of work on its track of
// the trace.
#pragma once

#include <string>

#include "sim/kernel/process.hpp"
#include "sim/kernel/simulator.hpp"
#include "sim/kernel/sync.hpp"
#include "sim/observe/trace.hpp"

namespace orrery::device {

class Stream {
 public:
  /// `process` and `name` are the two levels of the track's name: "rank 0", "compute".
  Stream(kernel::Simulator& simulator, observe::Trace& trace, const std::string& process,
         const std::string& name);

  /// Occupies the stream for `work`, after everything that was started on it before, and ends when that is
  /// done. The order is that in which the processes start, i.e. are awaited or spawned. REQUIRES: work >= 0;
  /// the stream outlives the process' run. Destroying the process while it works frees the stream at that
  /// instant.
  kernel::Process<> run(Seconds work, observe::NameId label);
  /// The same with a label that is not yet interned.
  kernel::Process<> run(Seconds work, std::string label);

  /// Completed work.
  Seconds busy_time() const { return busy_; }
  bool is_busy() const { return turn_.available() == 0; }
  TrackId track() const { return track_; }

 private:
  kernel::Simulator& simulator_;
  observe::Trace& trace_;
  TrackId track_;
  kernel::Semaphore turn_;
  Seconds busy_;
};

}  // namespace orrery::device
