// The hold model (Jones, CACM 29, 1986): a fixed number of pending events, each of which schedules its
// successor after an exponential delay. Measured twice in one binary with the same random stream and the same
// transform: through the public coroutine API (one process per pending event, `co_await sim.delay(...)`), and
// as a bare std::priority_queue of {double time, sequence, id} in a loop, which is the least that any
// simulator built on it would have to do. The last lines give the ratio of the two medians; above 1 the
// kernel is faster than the bare queue.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <queue>
#include <string>
#include <vector>

#include "sim/base/rng.hpp"
#include "sim/kernel/simulator.hpp"

namespace {

using orrery::RngStream;
using orrery::Seconds;
using orrery::Seed;
using orrery::SimTime;

constexpr double kEventsPerIteration = 1 << 20;

/// The longest list of pending events must reach its steady state before it is timed.
constexpr double kWarmUpMeanDelays = 4.0;

struct Entry {
  double time;
  std::uint64_t sequence;
  std::uint32_t id;

  bool operator>(const Entry& other) const {
    return time != other.time ? time > other.time : sequence > other.sequence;
  }
};

class BareHold {
 public:
  BareHold(std::size_t pending, double mean) : random_(orrery::stream(Seed{1}, "hold")), mean_(mean) {
    for (std::size_t i = 0; i < pending; ++i) schedule(0.0, static_cast<std::uint32_t>(i));
  }
  void run_until(double limit) {
    while (queue_.top().time <= limit) {
      const Entry event = queue_.top();
      queue_.pop();
      ++events_;
      benchmark::DoNotOptimize(event.id);
      schedule(event.time, event.id);
    }
  }
  std::uint64_t events() const { return events_; }

 private:
  void schedule(double now, std::uint32_t id) {
    queue_.push(Entry{now + random_.exponential(mean_), sequence_++, id});
  }

  RngStream random_;
  double mean_;
  std::uint64_t sequence_ = 0;
  std::uint64_t events_ = 0;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue_;
};

orrery::kernel::Process<> hold(orrery::kernel::Simulator& simulator, RngStream& random, double mean) {
  for (;;) {
    const Seconds pause(random.exponential(mean));
    co_await simulator.delay(pause);
  }
}

class KernelHold {
 public:
  KernelHold(std::size_t pending, double mean) : random_(orrery::stream(Seed{1}, "hold")) {
    for (std::size_t i = 0; i < pending; ++i) simulator_.spawn(hold(simulator_, random_, mean), "hold");
  }
  void run_until(double limit) { simulator_.run_until(SimTime{} + Seconds(limit)); }
  std::uint64_t events() const { return simulator_.events(); }

 private:
  RngStream random_;
  orrery::kernel::Simulator simulator_;
};

template <class Hold>
void run_hold(benchmark::State& state, std::size_t pending, double mean) {
  Hold hold(pending, mean);
  const double step = mean * kEventsPerIteration / static_cast<double>(pending);
  double limit = std::max(kWarmUpMeanDelays * mean, step);
  hold.run_until(limit);
  const std::uint64_t before = hold.events();
  for (auto _ : state) {
    limit += step;
    hold.run_until(limit);
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(hold.events() - before));
}

/// Keeps the medians (and the only runs, without repetitions) for the closing table.
class RatioReporter : public benchmark::ConsoleReporter {
 public:
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      if (run.run_type == Run::RT_Aggregate && run.aggregate_name != "median") continue;
      const auto rate = run.counters.find("items_per_second");
      if (rate == run.counters.end()) continue;
      nanoseconds_[run.run_name.function_name] = 1e9 / rate->second;
    }
    ConsoleReporter::ReportRuns(runs);
  }
  void expect(const std::string& name) { names_.push_back(name); }
  void print_ratios() const {
    std::printf("\n%-34s %16s %16s %8s\n", "hold model, medians", "bare queue", "kernel", "ratio");
    for (const std::string& name : names_) {
      const auto bare = nanoseconds_.find("bare " + name);
      const auto kernel = nanoseconds_.find("kernel " + name);
      if (bare == nanoseconds_.end() || kernel == nanoseconds_.end()) continue;
      std::printf("%-34s %13.1f ns %13.1f ns %8.2f\n", name.c_str(), bare->second, kernel->second,
                  bare->second / kernel->second);
    }
  }

 private:
  std::map<std::string, double> nanoseconds_;
  std::vector<std::string> names_;
};

void register_pair(RatioReporter& reporter, std::size_t pending, double mean, const char* mean_text) {
  char name[64];
  std::snprintf(name, sizeof name, "pending %7zu, mean %s", pending, mean_text);
  reporter.expect(name);
  benchmark::RegisterBenchmark((std::string("bare ") + name).c_str(),
                               [=](benchmark::State& state) { run_hold<BareHold>(state, pending, mean); });
  benchmark::RegisterBenchmark((std::string("kernel ") + name).c_str(),
                               [=](benchmark::State& state) { run_hold<KernelHold>(state, pending, mean); });
}

}  // namespace

int main(int argc, char** argv) {
  RatioReporter reporter;
  for (const std::size_t pending : {64U, 1U << 10, 1U << 16, 1U << 20})
    register_pair(reporter, pending, 1.0, "1 s");
  for (const std::size_t pending : {64U, 1U << 16}) {
    register_pair(reporter, pending, 1e-3, "1 ms");
    register_pair(reporter, pending, 37e-6, "37 us");
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks(&reporter);
  reporter.print_ratios();
  return 0;
}
