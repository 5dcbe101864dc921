// The simulated engine's own facts: what holds in every run, whatever the variant.
#include <catch2/catch.hpp>

#include "tests/workloads/sgd/specs.hpp"

using namespace orrery;
using namespace orrery::sgd;

TEST_CASE("every learner's time is accounted for") {
  for (const char* name : {"sync", "k_sync", "k_batch_sync", "k_async", "k_batch_async", "async", "local_sgd"}) {
    DYNAMIC_SECTION(name) {
      const SgdSpec spec = quadratic_run("\"" + std::string(name) + "\"");
      const SgdResult result = simulate(spec);
      const double total = (result.computed + result.wasted + result.waited + result.communicated).value();
      CHECK(std::llround(total * 1e9) == spec.learners * std::llround(result.end.value() * 1e9));
      CHECK(result.curve.size() == 21);
      CHECK(result.curve.back().loss < 0.5);
    }
  }
}
