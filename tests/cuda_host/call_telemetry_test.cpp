// What is told about a case, from records as CUPTI and NVML give them.
#include "calibrate/backends/cuda/call_telemetry.hpp"

#include <catch2/catch.hpp>

using namespace orrery;
using Kind = cuda::TracedWork::Kind;

TEST_CASE("gaps between kernels do not count, overlapping ones count once") {
  cuda::CallFacts facts;
  // 100..200 and 150..300 overlap, 250..260 lies inside, then a gap, then 400..450: 200 + 50 ns.
  facts.trace.work = {{Kind::kernel, "a", 100, 200},
                      {Kind::kernel, "b", 150, 300},
                      {Kind::set, "memset", 250, 260},
                      {Kind::copy, "memcpy", 400, 450}};
  const calibrate::Telemetry told = cuda::telemetry_of(facts);
  CHECK(told.kernel.value() == Approx(250e-9));
  CHECK(told.kernels == 2);
  CHECK(told.algorithm == "b");
}

TEST_CASE("the algorithm is the kernel's own word and the longest kernel's bare name") {
  cuda::CallFacts facts;
  facts.algorithm = "algo 66";
  facts.trace.work = {{Kind::kernel, "void orrery::(anonymous namespace)::f<float, (int)4>(long, int)", 0, 9},
                      {Kind::kernel, "short_one", 10, 12}};
  CHECK(cuda::telemetry_of(facts).algorithm == "algo 66; orrery::f");
  facts.trace.work.clear();
  CHECK(cuda::telemetry_of(facts).algorithm == "algo 66");
}

TEST_CASE("the host's time is the median of its samples") {
  cuda::CallFacts facts;
  facts.host_seconds = {5e-6, 1e-3, 4e-6};
  CHECK(cuda::telemetry_of(facts).host.value() == 5e-6);
}

TEST_CASE("clock, power and throttling are passed on, nothing known is nothing told") {
  cuda::CallFacts facts;
  facts.reading.sm_clock_mhz = 1755.0;
  facts.reading.power_w = 612.5;
  facts.reading.throttle = "power cap";
  const calibrate::Telemetry told = cuda::telemetry_of(facts);
  CHECK(told.clock_mhz == 1755.0);
  CHECK(told.power_w == 612.5);
  CHECK(told.throttle == "power cap");
  const calibrate::Telemetry nothing = cuda::telemetry_of({});
  CHECK(nothing.host.value() == 0.0);
  CHECK(nothing.kernels == 0);
  CHECK(nothing.algorithm.empty());
  CHECK(nothing.clock_mhz == 0.0);
}
