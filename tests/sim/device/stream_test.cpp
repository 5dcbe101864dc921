// Streams: one piece of work at a time, in the order of the callers, and an account of it.
#include "sim/device/stream.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "sim/kernel/when.hpp"

namespace {

using namespace orrery;
using namespace orrery::literals;
using device::Stream;
using kernel::Process;
using kernel::Simulator;
using observe::Trace;

Process<> submit(Simulator& sim, Stream& stream, Seconds at, Seconds work, std::string label) {
  co_await sim.delay(at);
  co_await stream.run(work, std::move(label));
}

Process<> give_up(Simulator& sim, Stream& stream, Seconds work, Seconds patience) {
  co_await kernel::when_any(stream.run(work, "given up"), kernel::sleep(sim, patience));
}

}  // namespace

TEST_CASE("work of concurrent callers runs one after the other, in order of submission") {
  Simulator sim;
  Trace trace(true);
  Stream stream(sim, trace, "rank 0", "compute");
  // a occupies [0, 5), b was submitted at 1 and c at 2, so b gets [5, 8) and c [8, 9); d finds the stream
  // idle at 20
  sim.spawn(submit(sim, stream, 0_ms, 5_ms, "a"), "a");
  sim.spawn(submit(sim, stream, 1_ms, 3_ms, "b"), "b");
  sim.spawn(submit(sim, stream, 2_ms, 1_ms, "c"), "c");
  sim.spawn(submit(sim, stream, 20_ms, 1_ms, "d"), "d");
  sim.run();
  std::vector<std::string> names;
  std::vector<std::int64_t> begins;
  for (const Trace::Span& span : trace.spans()) {
    names.push_back(trace.text(span.name));
    begins.push_back(span.begin.ns / 1'000'000);
    REQUIRE(span.track == stream.track());
  }
  REQUIRE(names == std::vector<std::string>{"a", "b", "c", "d"});
  REQUIRE(begins == std::vector<std::int64_t>{0, 5, 8, 20});
  REQUIRE(stream.busy_time().value() == Approx(10e-3));
  REQUIRE_FALSE(stream.is_busy());
}

TEST_CASE("two streams of one device overlap") {
  Simulator sim;
  Trace trace(true);
  Stream compute(sim, trace, "rank 0", "compute");
  Stream comm(sim, trace, "rank 0", "comm");
  sim.spawn(submit(sim, compute, 0_s, 5_ms, "backward"), "a");
  sim.spawn(submit(sim, comm, 2_ms, 5_ms, "all-reduce"), "b");
  sim.run();
  REQUIRE(sim.now() == SimTime{7'000'000});
}

TEST_CASE("cancelled work frees the stream at that instant, leaves no span, and is not counted as done") {
  Simulator sim;
  Trace trace(true);
  Stream stream(sim, trace, "rank 0", "compute");
  sim.spawn(give_up(sim, stream, 100_ms, 3_ms), "impatient");
  sim.spawn(submit(sim, stream, 1_ms, 2_ms, "next"), "next");
  sim.run();
  REQUIRE(sim.now() == SimTime{5'000'000});
  REQUIRE(trace.spans().size() == 1);
  REQUIRE(stream.busy_time().value() == Approx(2e-3));
}

TEST_CASE("simulated times are the same with the trace on and off") {
  const auto run = [](bool traced) {
    Simulator sim;
    Trace trace(traced);
    Stream stream(sim, trace, "rank 0", "compute");
    for (int i = 0; i < 5; ++i) sim.spawn(submit(sim, stream, Seconds(i * 1e-4), 1_ms, "work"), "p");
    sim.run();
    return sim.now();
  };
  REQUIRE(run(true) == run(false));
}
