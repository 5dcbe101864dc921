// Conformance of the registry of algorithms: each plan is proved by the symbolic executor for every kind that the
// algorithm accepts, on 1..17 ranks and several grids, with buffers that are empty, shorter than the number of slots,
// and not divisible; with the defaults of its options and with others (option_sets.hpp).
#include <catch2/catch.hpp>

#include "sim/base/error.hpp"
#include "sim/collective/algorithm.hpp"
#include "sim/collective/symbolic.hpp"
#include "tests/sim/collective/option_sets.hpp"
#include "tests/sim/collective/requests.hpp"

using namespace orrery;
using namespace orrery::collective;

TEST_CASE("every plan of every algorithm ends with the right data everywhere") {
  const std::vector<PlanRequest> requests = conformance_requests();
  for (const OptionSet& set : all_option_sets()) {
    const Registered<Algorithm>& algorithm = set.algorithm;
    const bool defaults = set.text == algorithm.name();
    int proved = 0;
    for (const PlanRequest& request : requests) {
      if (!defaults && request.elements != 1000) continue;
      if (algorithm->refusal(request)) continue;
      const Plan plan = algorithm->plan(request);
      INFO(set.text << ": " << text_of(request));
      CHECK(problem_of(plan).value_or("right") == "right");
      CHECK(plan.algorithm == algorithm.name());
      CHECK(plan.ranks == request.ranks);
      CHECK(plan.kind == request.kind);
      ++proved;
    }
    INFO(set.text);
    if (defaults) CHECK(proved > 0);
  }
}
