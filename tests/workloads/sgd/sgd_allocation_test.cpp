// Nothing is allocated per event: a run of twice the length allocates as often as the shorter one. Counted is what
// comes from operator new; what Eigen takes for a gradient is tested with the problems (tests/workloads/learn).
#include <catch2/catch.hpp>

#include "tests/counted_allocations.hpp"
#include "tests/workloads/sgd/specs.hpp"

using namespace orrery;
using namespace orrery::sgd;

namespace {

struct Counted {
  std::size_t allocations;
  std::int64_t gradients;
};

Counted run_for(SgdSpec spec, double seconds) {
  spec.horizon.time = Seconds(seconds);
  const std::size_t before = allocations;
  const SgdResult result = simulate(spec);
  return {allocations - before, result.books.gradients};
}

}  // namespace

TEST_CASE("a longer run allocates no more often") {
  for (const NameAndHelp& entry : sync::Variant::registry().names()) {
    for (const bool network : {false, true}) {
      DYNAMIC_SECTION(entry.name << (network ? " over a network" : "")) {
        SgdSpec spec = quadratic_run("\"" + entry.name + "\"", R"({"kind": "quadratic", "dimensions": 100})");
        if (network) {
          ServerAggregation servers;
          servers.servers = 2;
          servers.model_size = Bytes(100e6);
          servers.jitter = Seconds(0.01);
          spec.aggregation = servers;
        }
        if (refusal(spec)) continue;
        const Counted once = run_for(spec, 300.0), twice = run_for(spec, 600.0);
        REQUIRE(twice.gradients > once.gradients + 500);
        CHECK(twice.allocations <= once.allocations + 20);  // a buffer that meets a new maximum
      }
    }
  }
}
