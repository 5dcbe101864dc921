// The cases of the flow benchmark, as both engines see them: hosts around one switch, each with a cable of
// 50 * 2^30 B/s and 250 ns, so 500 ns from host to host.
//  - ring: a ring all-reduce of 2^30 bytes, message by message. Each rank, 2 (N - 1) times: receive 2^30 / N bytes from
//    the rank before, send as many to the one behind, wait for both.
//  - random: flows of exponential size (mean 2^20 bytes) between uniformly drawn hosts, Poisson arrivals that offer 0.6 of
//    the hosts' bandwidth.
// Only the run itself is timed, in CPU seconds of the process, not the building of the platform or the drawing of flows.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace orrery::bench {

constexpr double kBandwidth = 50.0 * (1 << 30);  // B/s
constexpr double kCableLatency = 250e-9;         // s
constexpr double kRingBytes = 1 << 30;

struct FlowJob {
  std::int64_t start_ns;
  int from, to;
  std::uint64_t bytes;
};
/// Drawn once and given to both engines: whole nanoseconds and whole bytes, which both can represent.
std::vector<FlowJob> random_jobs(int hosts, int count);

struct FlowRun {
  double cpu_s = 0.0;
  double simulated_s = 0.0;    ///< end of the last flow
  double peak_mb = 0.0;        ///< of the whole process
  std::vector<double> ends_s;  ///< of each job, for random flows
};

FlowRun ring_on_orrery(int ranks);
/// `stretch`: everything lasts so many times longer (and results are divided by it again), which makes the clock's
/// nanoseconds so many times finer in proportion.
FlowRun random_on_orrery(int hosts, const std::vector<FlowJob>& jobs, int stretch = 1);

/// How far the solver goes: a steady crowd of `flows` random flows of which one after another is replaced. Means per
/// change of one flow, solved each.
struct Locality {
  double changed = 0.0;  ///< flows whose rate really changed
  double thawed = 0.0;   ///< flows whose rate was set anew
  double links = 0.0;    ///< links visited
};
Locality locality(int hosts, int flows);

/// "" when the bench was built without SimGrid.
std::string simgrid_version();
FlowRun ring_on_simgrid(int ranks);
FlowRun random_on_simgrid(int hosts, const std::vector<FlowJob>& jobs);

/// CPU seconds of this process so far.
double cpu_seconds();

/// Runs `function` in a process of its own, so that neither engine sees the other's memory (and SimGrid, which can be
/// started once per process, can be run again), and brings its result back.
template <class Function>
FlowRun in_child(Function function);

namespace detail {
class Child {
 public:
  /// True in the child.
  bool fork();
  [[noreturn]] void report(const FlowRun& run);  ///< in the child
  FlowRun result();                              ///< in the parent

 private:
  int pid_ = 0;
  int read_end_ = -1, write_end_ = -1;
};
}  // namespace detail

template <class Function>
FlowRun in_child(Function function) {
  detail::Child child;
  if (child.fork()) child.report(function());
  return child.result();
}

}  // namespace orrery::bench
