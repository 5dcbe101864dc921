// When a case is traced, with traces and a clock that are scripted.
#include "calibrate/backends/cuda/case_traces.hpp"

#include <catch2/catch.hpp>

using namespace orrery;

namespace {

/// Traces that take `seconds` each; empty ones when told to fail.
struct Script {
  double now_s = 100.0, seconds = 1.0;
  bool fails = false;
  int traced = 0;
  cuda::CaseTraces traces{
      [this](const std::function<void()>& work) {
        work();
        ++traced;
        now_s += seconds;
        if (fails) return cuda::DeviceTrace{{}, "refused"};
        return cuda::DeviceTrace{{{cuda::TracedWork::Kind::kernel, std::to_string(traced), 1, 2}}, ""};
      },
      [this] { return now_s; }};
  std::string name_of(const std::string& subject) {
    const cuda::DeviceTrace trace = traces.of(subject, [] {});
    return trace.work.empty() ? trace.problem : trace.work[0].name;
  }
};

}  // namespace

TEST_CASE("a case is traced once and remembered, another case has a trace of its own") {
  Script script;
  CHECK(script.name_of("gemm 1") == "1");
  CHECK(script.name_of("gemm 2") == "2");
  CHECK(script.name_of("gemm 1") == "1");
  CHECK(script.traced == 2);
}

TEST_CASE("traces take a start and then a share of the time, what is known costs nothing") {
  Script script;
  int cases = 0;
  for (int i = 0; i < 20; ++i) cases += script.name_of(std::to_string(i)).size() < 3 ? 1 : 0;
  CHECK(cases == script.traced);
  CHECK(script.traced == 4);  // the fourth begins with 3 s spent
  CHECK_THAT(script.name_of("late"), Catch::Contains("share of the time"));
  CHECK(script.name_of("0") == "1");
  script.now_s += 25.0;
  CHECK(script.name_of("late") == "5");
}

TEST_CASE("tracing that fails again and again is given up, single failures are not remembered") {
  Script script;
  script.seconds = 0.0;
  script.fails = true;
  CHECK(script.name_of("a") == "refused");
  CHECK(script.name_of("a") == "refused");
  script.fails = false;
  CHECK(script.name_of("a") == "3");
  script.fails = true;
  for (const char* subject : {"b", "c", "d"}) CHECK(script.name_of(subject) == "refused");
  CHECK(script.name_of("e") == "tracing has failed too often");
  CHECK(script.traced == 6);
}

TEST_CASE("what the work throws comes through") {
  Script script;
  CHECK_THROWS_WITH(script.traces.of("a", [] { throw std::runtime_error("the kernel failed"); }),
                    "the kernel failed");
}
