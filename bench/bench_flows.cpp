// Speed of the flow network, beside SimGrid in the same run where that is installed (bench/flow_cases.hpp has the cases).
//   bench_flows                 everything
//   bench_flows --quick         small cases only
//   bench_flows --alone         without SimGrid
//   bench_flows --repeat N      each case of ours N times, the least CPU time counts
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <exception>

#include "bench/flow_cases.hpp"

namespace {

using namespace orrery::bench;

struct Options {
  bool quick = false;
  bool beside_simgrid = true;
  int repeat = 1;
};

template <class Function>
FlowRun best_of(int repeat, Function function) {
  FlowRun best;
  for (int i = 0; i < repeat; ++i) {
    FlowRun run = in_child(function);
    if (i == 0 || run.cpu_s < best.cpu_s) best = std::move(run);
  }
  return best;
}

void print_head() {
  std::printf("%-16s %9s | %12s %8s %9s %7s | %12s %8s %7s | %7s %12s\n", "case", "flows", "simulated", "CPU s",
              "flows/s", "peak MB", "SimGrid sim", "CPU s", "peak MB", "faster", "end differs");
}

/// Largest difference between the ends of the same flow, in nanoseconds.
double worst_difference_ns(const FlowRun& a, const FlowRun& b) {
  double worst = 0.0;
  for (std::size_t i = 0; i < a.ends_s.size(); ++i) worst = std::max(worst, 1e9 * std::abs(a.ends_s[i] - b.ends_s[i]));
  return worst;
}

void print_case(const char* name, double flows, const FlowRun& ours, const FlowRun* theirs) {
  std::printf("%-16s %9.0f | %9.6f ms %8.3f %9.3g %7.0f |", name, flows, 1e3 * ours.simulated_s, ours.cpu_s,
              flows / ours.cpu_s, ours.peak_mb);
  if (theirs != nullptr) {
    std::printf(" %9.6f ms %8.3f %7.0f | %6.1fx last %.1e", 1e3 * theirs->simulated_s, theirs->cpu_s, theirs->peak_mb,
                theirs->cpu_s / ours.cpu_s, std::abs(ours.simulated_s / theirs->simulated_s - 1.0));
    if (!ours.ends_s.empty()) std::printf(", any %.1f ns", worst_difference_ns(ours, *theirs));
  }
  std::printf("\n");
  std::fflush(stdout);
}

void ring(int ranks, const Options& options) {
  const FlowRun ours = best_of(options.repeat, [&] { return ring_on_orrery(ranks); });
  FlowRun theirs;
  if (options.beside_simgrid) theirs = in_child([&] { return ring_on_simgrid(ranks); });
  print_case(("ring " + std::to_string(ranks)).c_str(), 2.0 * (ranks - 1) * ranks, ours,
             options.beside_simgrid ? &theirs : nullptr);
}

void random(int hosts, int flows, bool beside_simgrid, const Options& options) {
  const auto jobs = random_jobs(hosts, flows);
  const FlowRun ours = best_of(options.repeat, [&] { return random_on_orrery(hosts, jobs); });
  FlowRun theirs;
  if (beside_simgrid) theirs = in_child([&] { return random_on_simgrid(hosts, jobs); });
  print_case(("random " + std::to_string(hosts)).c_str(), flows, ours, beside_simgrid ? &theirs : nullptr);
  if (!beside_simgrid) return;
  const FlowRun finer = in_child([&] { return random_on_orrery(hosts, jobs, 1000); });
  std::printf("%16s with a clock of picoseconds, ends differ from ours by at most %.1f ns, from SimGrid's by %.1f ns\n", "",
              worst_difference_ns(ours, finer), worst_difference_ns(finer, theirs));
}

void run(const Options& options) {
  print_head();
  for (const int ranks : {64, 256, 1024}) {
    if (!options.quick || ranks == 64) ring(ranks, options);
  }
  if (options.quick) return random(64, 2000, options.beside_simgrid, options);
  random(64, 100000, options.beside_simgrid, options);
  random(256, 50000, options.beside_simgrid, options);
  random(1024, 20000, options.beside_simgrid, options);
  std::printf("\ngrowth with the number of flows and of hosts\n");
  for (const int hosts : {64, 256, 1024, 4096}) {
    for (const int flows : {5000, 10000, 20000, 40000}) random(hosts, flows, false, options);
  }
  std::printf("\none flow comes or goes: how far the solver goes (means over 20,000 changes)\n");
  for (const int hosts : {64, 256, 1024, 4096}) {
    for (const double share : {1.5, 3.0}) {
      const int flows = static_cast<int>(share * hosts);
      const Locality work = locality(hosts, flows);
      std::printf("%5d hosts, %5d flows on their way: %6.2f rates change, %6.2f set anew, %6.2f links visited\n", hosts,
                  flows, work.changed, work.thawed, work.links);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--quick") == 0) {
      options.quick = true;
    } else if (std::strcmp(argv[i], "--alone") == 0) {
      options.beside_simgrid = false;
    } else if (std::strcmp(argv[i], "--repeat") == 0 && i + 1 < argc) {
      options.repeat = std::max(1, std::atoi(argv[++i]));
    } else {
      std::fprintf(stderr, "usage: bench_flows [--quick] [--alone] [--repeat N]\n");
      return 2;
    }
  }
  const std::string version = simgrid_version();
  std::printf(version.empty() ? "SimGrid is not built in: our side alone\n" : "beside SimGrid %s\n", version.c_str());
  if (version.empty()) options.beside_simgrid = false;
  try {
    run(options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_flows: %s\n", error.what());
    return 4;
  }
  return 0;
}
