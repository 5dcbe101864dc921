// The symbolic executor refuses wrong plans: hand-made ones for each rule, and every plan of every algorithm with one
// transfer taken away, doubled, or sent to somebody else.
#include "sim/collective/symbolic.hpp"

#include <catch2/catch.hpp>

#include "sim/collective/algorithm.hpp"
#include "tests/sim/collective/option_sets.hpp"
#include "tests/sim/collective/requests.hpp"

using namespace orrery;
using namespace orrery::collective;

namespace {

Plan hand_made(CollectiveKind kind, int ranks, int slots, std::vector<Transfer> transfers) {
  Plan plan;
  plan.kind = kind;
  plan.ranks = ranks;
  plan.layout = SlotLayout::even(12, slots);
  plan.channels.resize(1);
  plan.channels[0].transfers = std::move(transfers);
  finish(plan.channels[0]);
  return plan;
}

std::string verdict(const Plan& plan) { return problem_of(plan).value_or("right"); }

}  // namespace

TEST_CASE("two ranks that exchange and add end with the sum; each rule broken by hand is named") {
  const auto kind = CollectiveKind::all_reduce;
  CHECK(verdict(hand_made(kind, 2, 1, {{0, 0, 1, 0, 0, 1, Combine::add}, {0, 1, 0, 0, 0, 1, Combine::add}})) ==
        "right");
  CHECK_THAT(verdict(hand_made(kind, 2, 1, {{0, 0, 1, 0, 0, 1, Combine::add}})),
             Catch::Contains("without the data of rank 1"));
  CHECK_THAT(verdict(hand_made(kind, 2, 1, {{0, 0, 1, 0, 0, 1, Combine::add}, {1, 1, 0, 0, 0, 1, Combine::add}})),
             Catch::Contains("rank 0 added twice"));
  CHECK_THAT(verdict(hand_made(kind, 2, 2, {{0, 0, 1, 0, 1, 1, Combine::add}})),
             Catch::Contains("slot 0 added to slot 1"));
  CHECK_THAT(verdict(hand_made(kind, 2, 5, {{0, 0, 1, 0, 2, 1, Combine::copy}})), Catch::Contains("different sizes"));
  CHECK_THAT(verdict(hand_made(kind, 2, 1, {{0, 0, 2, 0, 0, 1, Combine::copy}})), Catch::Contains("2 participants"));
  CHECK_THAT(verdict(hand_made(kind, 2, 1, {{0, 0, 1, 0, 1, 1, Combine::copy}})),
             Catch::Contains("slots 0 and 1 of 1"));
  CHECK_THAT(verdict(hand_made(kind, 3, 1, {{0, 0, 2, 0, 0, 1, Combine::copy}, {0, 1, 2, 0, 0, 1, Combine::add}})),
             Catch::Contains("slot 0 of rank 2 is written twice"));
  CHECK_THAT(verdict(hand_made(CollectiveKind::broadcast, 3, 1, {{0, 1, 2, 0, 0, 1, Combine::copy}})),
             Catch::Contains("nobody has written"));
}

TEST_CASE("a plan out of order, or with a wrong number of steps, or with channels that meet is refused") {
  Plan plan = hand_made(CollectiveKind::broadcast, 3, 1,
                        {{0, 0, 1, 0, 0, 1, Combine::copy}, {1, 0, 2, 0, 0, 1, Combine::copy}});
  REQUIRE(verdict(plan) == "right");
  Plan swapped = plan;
  std::swap(swapped.channels[0].transfers[0], swapped.channels[0].transfers[1]);
  CHECK_THAT(verdict(swapped), Catch::Contains("not in order"));
  Plan miscounted = plan;
  miscounted.channels[0].steps = 3;
  CHECK_THAT(verdict(miscounted), Catch::Contains("says 3 steps and has 2"));
  Plan early = plan;
  early.channels.resize(2);
  early.channels[0].after = 1;
  CHECK_THAT(verdict(early), Catch::Contains("channel 0 begins after channel 1, which does not stand before it"));
  Plan doubled = plan;
  doubled.channels.push_back(plan.channels[0]);
  CHECK_THAT(verdict(doubled), Catch::Contains("channels 0 and 1 touch the same slot"));
}

// Not every change breaks a plan. An addend that goes to another rank may still reach the sum on that way, so only
// copies are sent elsewhere. A barrier may tell a rank twice. Van de Geijn's ring sends blocks to ranks that still
// hold them from the scatter (a known excess of that algorithm).
TEST_CASE("every plan with one transfer taken away, doubled or sent elsewhere is refused") {
  for (const OptionSet& set : all_option_sets()) {
    const Registered<Algorithm>& algorithm = set.algorithm;
    if (set.text.find("van_de_geijn") != std::string::npos || algorithm.name() == "dissemination") continue;
    const bool defaults = set.text == algorithm.name();
    for (const PlanRequest& request : conformance_requests()) {
      if (request.elements != 240 || request.ranks < 2 || request.ranks > 6 || request.dimensions.size() > 2) continue;
      if (!defaults && request.ranks != 4) continue;
      if (algorithm->refusal(request)) continue;
      const Plan plan = algorithm->plan(request);
      for (std::size_t c = 0; c < plan.channels.size(); ++c) {
        for (std::size_t i = 0; i < plan.channels[c].transfers.size(); ++i) {
          INFO(set.text << ": " << text_of(request) << ", channel " << c << ", transfer " << i);
          const Transfer& t = plan.channels[c].transfers[i];
          Plan without = plan;
          without.channels[c].transfers.erase(without.channels[c].transfers.begin() + static_cast<std::ptrdiff_t>(i));
          finish(without.channels[c]);
          CHECK(problem_of(without));
          Plan changed = plan;
          if (t.combine == Combine::add) {
            changed.channels[c].transfers.push_back(t);
          } else {
            changed.channels[c].transfers[i].to = (t.to + 1) % plan.participants();
          }
          finish(changed.channels[c]);
          CHECK(problem_of(changed));
        }
      }
    }
  }
}
