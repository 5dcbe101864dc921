// Fabric profiles: the text comes back as it was, a changed file is refused, and estimates say what they rest on.
#include <catch2/catch.hpp>
#include <cmath>

#include "costmodel/fabric_profile.hpp"
#include "sim/base/error.hpp"

using namespace orrery;
using namespace orrery::cost;

namespace {

/// One all-reduce point, 8 ranks and 1 MiB, that the formula misses by 10 %.
FabricProfile small_profile() {
  FabricProfile profile;
  profile.fabric = find_fabric("h100_sxm");
  profile.provenance = {{"table.csv", "1 rows"}};
  StackEntry stack;
  stack.name = "nccl 2.27.3";
  stack.rows = 1;
  Residual r;
  r.length = {4.0, 2.0, 2.0};
  const Features at = collective_features({CollectiveKind::all_reduce, Bytes(1048576), 8, 1});
  r.points = {at.x[0], at.x[1], at.x[2]};
  r.low = r.high = r.points;
  r.weights = {std::log(1.1)};
  r.held_out = {0.05};
  r.typical_error = 0.03;
  r.prior_error = 0.2;
  stack.kinds = {{"all_reduce", r}};
  profile.stacks = {stack};
  return profile;
}

}  // namespace

TEST_CASE("a fabric profile comes back exactly") {
  const std::string text = write_fabric_profile(small_profile());
  CHECK(write_fabric_profile(parse_fabric_profile(text, "p.json")) == text);
}

TEST_CASE("an edited fabric profile is refused") {
  std::string text = write_fabric_profile(small_profile());
  text.replace(text.find("2.27.3"), 6, "2.27.4");
  CHECK_THROWS_WITH(parse_fabric_profile(text, "p.json"), Catch::Contains("damaged or was edited"));
  CHECK_THROWS_WITH(parse_fabric_profile("{\"format\": \"orrery-profile\"}", "p.json"),
                    Catch::Contains("not a fabric profile"));
}

TEST_CASE("an estimate is fitted at a measured place, extrapolated elsewhere, roofline without a fit") {
  const FabricProfile profile = small_profile();
  const StackEntry& stack = find_stack(profile);
  const FabricCase place{CollectiveKind::all_reduce, Bytes(1048576), 8, 1};
  const double formula = fabric_time(profile.fabric, stack.coefficients, place).seconds;
  const Estimate here = estimate_collective(profile.fabric, stack, place).estimate;
  CHECK(here.source == Source::fitted);
  CHECK(here.time.value() == Approx(1.1 * formula));

  const FabricCase far{CollectiveKind::all_reduce, Bytes(1e9), 8, 1};
  const Estimate there = estimate_collective(profile.fabric, stack, far).estimate;
  CHECK(there.source == Source::extrapolated);
  CHECK(there.rel_error > here.rel_error);

  const Estimate datasheet = estimate_collective(profile.fabric, place).estimate;
  CHECK(datasheet.source == Source::roofline);
  CHECK(datasheet.rel_error > here.rel_error);
}

TEST_CASE("a stack is found by its name, and a typing slip gets help") {
  const FabricProfile profile = small_profile();
  CHECK(find_stack(profile, "nccl 2.27.3").rows == 1);
  CHECK_THROWS_WITH(find_stack(profile, "nccl 2.27.4"), Catch::Contains("nccl 2.27.3"));
}
