// One collective from the request to its time: making the plan, and executing it. The counters are messages per second
// of CPU time; peak memory is printed at the end (ru_maxrss). Network: hosts on one switch, 50 GiB/s and 250 ns a
// cable, as in the published comparisons (ring of 1,024 ranks, 1 GiB: 40.983938 ms).
#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include <cstdio>
#include <string>

#include "sim/collective/executor.hpp"
#include "sim/collective/placement.hpp"

using namespace orrery;
using namespace orrery::collective;

namespace {

net::Topology star(int hosts) {
  net::Topology topology;
  const net::NodeId hub = topology.add_switch("switch");
  for (int i = 0; i < hosts; ++i) {
    topology.connect(topology.add_host("host " + std::to_string(i)), hub,
                     {BytesPerSec(50.0 * 1073741824.0), Seconds(250e-9)});
  }
  return topology;
}

void all_reduce(benchmark::State& state, const std::string& algorithm, Fidelity fidelity) {
  const auto ranks = static_cast<int>(state.range(0));
  const net::Topology topology = star(ranks);
  std::int64_t messages = 0;
  for (auto _ : state) {
    net::Router router(topology);
    const Plan plan = Registered<Algorithm>(algorithm)->plan(
        request_on(topology, CollectiveKind::all_reduce, ranks, (std::int64_t{1} << 30) / 4));
    const auto timing =
        time_plan(plan, router, place(plan, topology), {Seconds(0.0), SecondsPerByte(0.0), Bytes(4)}, fidelity);
    messages += timing->messages;
    state.counters["simulated_ms"] = timing->time.value() * 1e3;
  }
  state.counters["messages"] = benchmark::Counter(static_cast<double>(messages), benchmark::Counter::kIsRate);
}

void plan_only(benchmark::State& state, const std::string& algorithm) {
  for (auto _ : state) {
    PlanRequest request;
    request.ranks = static_cast<int>(state.range(0));
    request.elements = (std::int64_t{1} << 30) / 4;
    benchmark::DoNotOptimize(Registered<Algorithm>(algorithm)->plan(request));
  }
}

}  // namespace

BENCHMARK_CAPTURE(all_reduce, ring_events, "ring", Fidelity::events)
    ->Arg(64)
    ->Arg(256)
    ->Arg(1024)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(all_reduce, ring_walk, "ring", Fidelity::uncontended)
    ->Arg(64)
    ->Arg(256)
    ->Arg(1024)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(all_reduce, halving_doubling_events, "halving_doubling", Fidelity::events)
    ->Arg(64)
    ->Arg(1024)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(all_reduce, two_shot_events, "two_shot", Fidelity::events)
    ->Arg(64)
    ->Arg(256)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(plan_only, ring, "ring")->Arg(1024)->Unit(benchmark::kMillisecond);

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::printf("peak memory of the process: %ld MB\n", usage.ru_maxrss / 1024);
  return 0;
}
