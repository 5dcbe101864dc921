// The trace as data, and the Chrome trace as a reader of the format sees it.
#include "sim/observe/trace.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sim/base/rng.hpp"
#include "sim/observe/chrome_trace.hpp"

namespace {

using namespace orrery;
using nlohmann::json;
using observe::Trace;

/// Two ranks with two streams each, back-to-back spans of odd lengths, counters and a message.
Trace example() {
  Trace trace(true);
  RngStream random = stream(Seed{1}, "trace");
  for (const char* rank : {"rank 0", "rank 1"}) {
    for (const char* thread : {"compute", "comm"}) {
      const TrackId track = trace.track(rank, thread);
      std::int64_t now = 1'000'000'007;
      for (int i = 0; i < 20; ++i) {
        const auto length = static_cast<std::int64_t>(random.exponential(12'345.0));
        trace.span(track, i % 2 == 0 ? "forward" : "backward", SimTime{now}, SimTime{now + length});
        now += length + static_cast<std::int64_t>(random.below(3));
      }
    }
    const observe::CounterId memory = trace.counter(rank, "memory \"live\"\n");
    trace.sample(memory, SimTime{5}, 1.5e9);
    trace.sample(memory, SimTime{6}, 0.1);
  }
  trace.arrow(trace.name("bucket 3"), trace.track("rank 0", "comm"), SimTime{1'000'000'500},
              trace.track("rank 1", "comm"), SimTime{1'000'002'001});
  return trace;
}

std::vector<json> events(const json& document, const std::string& phase) {
  std::vector<json> result;
  for (const json& event : document.at("traceEvents")) {
    if (event.at("ph") == phase) result.push_back(event);
  }
  return result;
}

std::int64_t nanoseconds(const json& microseconds) {
  return std::llround(microseconds.get<double>() * 1e3);
}

}  // namespace

TEST_CASE("a trace that is off records nothing and hands out invalid ids") {
  Trace trace;
  const TrackId track = trace.track("rank 0", "compute");
  trace.span(track, "forward", SimTime{0}, SimTime{5});
  trace.sample(trace.counter("rank 0", "memory"), SimTime{0}, 1.0);
  trace.arrow(trace.name("message"), track, SimTime{0}, track, SimTime{1});
  REQUIRE_FALSE(track.valid());
  REQUIRE(trace.tracks().empty());
  REQUIRE(trace.spans().empty());
  REQUIRE(trace.samples().empty());
  REQUIRE(trace.arrows().empty());
}

TEST_CASE("tracks and names are made once and found again") {
  Trace trace(true);
  const TrackId a = trace.track("rank 0", "compute");
  REQUIRE(trace.track("rank 0", "comm") != a);
  REQUIRE(trace.track("rank 0", "compute") == a);
  REQUIRE(trace.name("forward") == trace.name("forward"));
  REQUIRE(trace.text(trace.name("backward")) == "backward");
}

TEST_CASE("the Chrome trace parses back with every span where it was, to the nanosecond") {
  const Trace trace = example();
  const json document = json::parse(observe::chrome_trace(trace));
  const std::vector<json> spans = events(document, "X");
  REQUIRE(spans.size() == trace.spans().size());
  for (std::size_t i = 0; i < spans.size(); ++i) {
    const Trace::Span& span = trace.spans()[i];
    REQUIRE(nanoseconds(spans[i].at("ts")) == span.begin.ns);
    REQUIRE(nanoseconds(spans[i].at("dur")) == span.end.ns - span.begin.ns);
    REQUIRE(spans[i].at("name") == trace.text(span.name));
  }
}

TEST_CASE("spans of one track of the Chrome trace never overlap, and their sums are the trace's") {
  const Trace trace = example();
  const json document = json::parse(observe::chrome_trace(trace));
  std::map<std::pair<int, int>, std::string> names;
  std::map<int, std::string> processes;
  for (const json& event : events(document, "M")) {
    const int pid = event.at("pid");
    if (event.at("name") == "process_name") processes[pid] = event.at("args").at("name");
    if (event.at("name") == "thread_name") names[{pid, event.at("tid")}] = event.at("args").at("name");
  }
  REQUIRE(names.size() == 4);
  std::map<std::pair<int, int>, std::int64_t> end;
  std::map<std::pair<std::string, std::string>, std::int64_t> busy;
  for (const json& event : events(document, "X")) {
    const std::pair<int, int> track(event.at("pid"), event.at("tid"));
    REQUIRE(nanoseconds(event.at("ts")) >= end[track]);
    end[track] = nanoseconds(event.at("ts")) + nanoseconds(event.at("dur"));
    busy[{processes.at(track.first), names.at(track)}] += nanoseconds(event.at("dur"));
  }
  std::map<std::pair<std::string, std::string>, std::int64_t> expected;
  for (const Trace::Span& span : trace.spans()) {
    const Trace::Track& track = trace.tracks()[span.track.index()];
    expected[{track.process, track.thread}] += span.end.ns - span.begin.ns;
  }
  REQUIRE(busy == expected);
}

TEST_CASE("counters and arrows reach the Chrome trace") {
  const json document = json::parse(observe::chrome_trace(example()));
  const std::vector<json> counters = events(document, "C");
  REQUIRE(counters.size() == 4);
  REQUIRE(counters[0].at("name") == "memory \"live\"\n");
  REQUIRE(counters[0].at("args").at("value") == 1.5e9);
  REQUIRE(counters[1].at("args").at("value") == 0.1);
  REQUIRE(counters[2].at("pid") == 2);

  const std::vector<json> starts = events(document, "s");
  const std::vector<json> ends = events(document, "f");
  REQUIRE(starts.size() == 1);
  REQUIRE(ends.size() == 1);
  REQUIRE(starts[0].at("id") == ends[0].at("id"));
  REQUIRE(starts[0].at("name") == ends[0].at("name"));
  REQUIRE(starts[0].at("pid") == 1);
  REQUIRE(ends[0].at("pid") == 2);
  REQUIRE(nanoseconds(ends[0].at("ts")) - nanoseconds(starts[0].at("ts")) == 1501);
}

TEST_CASE("the same trace gives the same bytes, and an empty one is still a document") {
  REQUIRE(observe::chrome_trace(example()) == observe::chrome_trace(example()));
  REQUIRE(json::parse(observe::chrome_trace(Trace(true))).at("traceEvents").empty());
}
