// Conformance of the registry of algorithms: each plan is proved by the symbolic executor for every kind that the
// algorithm accepts, on 1..17 ranks and several grids, with buffers that are empty, shorter than the number of slots,
// and not divisible.
#include <catch2/catch.hpp>

#include "sim/base/error.hpp"
#include "sim/collective/algorithm.hpp"
#include "sim/collective/symbolic.hpp"
#include "tests/sim/collective/requests.hpp"

using namespace orrery;
using namespace orrery::collective;

TEST_CASE("every plan of every algorithm ends with the right data everywhere") {
  for (const NameAndHelp& entry : Algorithm::registry().names()) {
    const Registered<Algorithm> algorithm(entry.name);
    int proved = 0;
    for (const PlanRequest& request : conformance_requests()) {
      if (algorithm->refusal(request)) continue;
      const Plan plan = algorithm->plan(request);
      INFO(entry.name << " " << text_of(request));
      CHECK(problem_of(plan).value_or("right") == "right");
      CHECK(plan.algorithm == entry.name);
      CHECK(plan.ranks == request.ranks);
      CHECK(plan.kind == request.kind);
      ++proved;
    }
    INFO(entry.name);
    CHECK(proved > 0);
  }
}
