// Collectives: names, bus-bandwidth factors and the alpha-beta-gamma time.
#include "costmodel/collective.hpp"

#include <catch2/catch.hpp>

#include "costmodel/collective_model.hpp"
#include "sim/base/error.hpp"

using namespace orrery;
using namespace orrery::cost;

TEST_CASE("the bus bandwidth factor is 2(n-1)/n for all-reduce, (n-1)/n for its halves, else 1") {
  CHECK(busbw_factor(CollectiveKind::all_reduce, 4) == 1.5);
  CHECK(busbw_factor(CollectiveKind::reduce_scatter, 4) == 0.75);
  CHECK(busbw_factor(CollectiveKind::all_gather, 2) == 0.5);
  CHECK(busbw_factor(CollectiveKind::broadcast, 8) == 1.0);
  CHECK(busbw_factor(CollectiveKind::point_to_point, 2) == 1.0);
}

TEST_CASE("every collective is found again by its name; a slip gets the nearest one") {
  for (const std::string& text : collective_names()) CHECK(name(collective_kind(text)) == text);
  CHECK_THROWS_WITH(collective_kind("all_reduse"), Catch::Contains("did you mean \"all_reduce\""));
  CHECK_THROWS_AS(collective_kind("scan"), ScenarioError);
}

TEST_CASE("a collective takes steps times alpha plus bytes times beta and gamma in its size regime") {
  CollectiveModel model;
  model.regimes = {{Bytes(0), Seconds(1e-6), SecondsPerByte(4e-10)},
                   {Bytes(1024), Seconds(5e-6), SecondsPerByte(1e-10)}};
  model.gamma = SecondsPerByte(2e-10);
  // Four ranks: ceil(log2 4) = 2 steps; all-reduce moves 2*3/4 S and adds 3/4 S.
  const double small = 2 * 1e-6 + 512 * (1.5 * 4e-10 + 0.75 * 2e-10);
  const double large = 2 * 5e-6 + 4096 * (1.5 * 1e-10 + 0.75 * 2e-10);
  CHECK(model.seconds({CollectiveKind::all_reduce, Bytes(512), 4}) == Approx(small).epsilon(1e-12));
  CHECK(model.seconds({CollectiveKind::all_reduce, Bytes(4096), 4}) == Approx(large).epsilon(1e-12));
  // A gather adds nothing up, a message is one step, one rank alone waits for nobody.
  CHECK(model.seconds({CollectiveKind::all_gather, Bytes(512), 2}) ==
        Approx(1e-6 + 512 * 0.5 * 4e-10).epsilon(1e-12));
  CHECK(model.seconds({CollectiveKind::point_to_point, Bytes(512), 2}) ==
        Approx(1e-6 + 512 * 4e-10).epsilon(1e-12));
  CHECK(model.seconds({CollectiveKind::all_reduce, Bytes(512), 1}) == 0.0);
}

TEST_CASE("steps grow with the logarithm of the ranks") {
  CHECK(collective_steps(CollectiveKind::broadcast, 2) == 1.0);
  CHECK(collective_steps(CollectiveKind::broadcast, 3) == 2.0);
  CHECK(collective_steps(CollectiveKind::barrier, 64) == 6.0);
  CHECK(collective_steps(CollectiveKind::point_to_point, 64) == 1.0);
}
