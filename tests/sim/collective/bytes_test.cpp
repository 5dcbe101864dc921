// Bytes that each participant sends and receives: the closed forms of the algorithms (oracles C6), and the least that
// any algorithm of a kind can do.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

#include "sim/collective/algorithm.hpp"
#include "tests/sim/collective/option_sets.hpp"
#include "tests/sim/collective/requests.hpp"

using namespace orrery;
using namespace orrery::collective;

namespace {

constexpr std::int64_t kElements = 7680;  // divisible by all that is cut below

Plan plan_of(const std::string& name, CollectiveKind kind, int ranks, std::vector<int> grid = {}) {
  PlanRequest request;
  request.kind = kind;
  request.ranks = ranks;
  request.elements = kElements;
  request.dimensions = std::move(grid);
  request.has_reducer = true;
  return Registered<Algorithm>(name)->plan(request);
}

/// Of the rank that sends most, in buffers.
double most_sent(const Plan& plan) {
  std::int64_t most = 0;
  for (int rank = 0; rank < plan.ranks; ++rank) most = std::max(most, elements_sent(plan, rank));
  return static_cast<double>(most) / kElements;
}

}  // namespace

TEST_CASE("oracle C6: 2N(P-1) goes through a parameter server, 2N(P-1)/P through each process of a ring") {
  // The lecture counts P = 8 processes, the server among them: seven workers. Oracles: 14 and 1.75.
  const Plan server = plan_of("parameter_server", CollectiveKind::all_reduce, 7);
  CHECK(elements_sent(server, 7) + elements_received(server, 7) == 14 * kElements);
  const Plan ring = plan_of("ring", CollectiveKind::all_reduce, 8);
  for (int rank = 0; rank < 8; ++rank) {
    CHECK(4 * elements_sent(ring, rank) == 7 * kElements);
    CHECK(4 * elements_received(ring, rank) == 7 * kElements);
  }
}

TEST_CASE("the rank that sends most sends as many buffers as the closed forms say") {
  const auto all_reduce = CollectiveKind::all_reduce;
  for (const int p : {2, 4, 8, 16}) {
    const double fraction = (p - 1.0) / p;
    CHECK(most_sent(plan_of("ring", all_reduce, p)) == 2 * fraction);
    CHECK(most_sent(plan_of("halving_doubling", all_reduce, p)) == 2 * fraction);
    CHECK(most_sent(plan_of("two_shot", all_reduce, p)) == 2 * fraction);
    CHECK(most_sent(plan_of("torus_2d", all_reduce, p, {2, p / 2})) == 2 * fraction);
    CHECK(most_sent(plan_of("hierarchical", all_reduce, p, {p / 2, 2})) == 2 * fraction);
    CHECK(most_sent(plan_of("recursive_doubling", all_reduce, p)) == std::log2(p));
    CHECK(most_sent(plan_of("one_shot", all_reduce, p)) == p - 1.0);
    CHECK(most_sent(plan_of("in_network", all_reduce, p)) == 1.0);
    CHECK(most_sent(plan_of("ring", CollectiveKind::reduce_scatter, p)) == fraction);
    CHECK(most_sent(plan_of("ring", CollectiveKind::all_gather, p)) == fraction);
    CHECK(most_sent(plan_of("bruck", CollectiveKind::all_gather, p)) == fraction);
    CHECK(most_sent(plan_of("recursive_doubling", CollectiveKind::all_gather, p)) == fraction);
    CHECK(most_sent(plan_of("pairwise", CollectiveKind::all_to_all, p)) == fraction);
    CHECK(most_sent(plan_of("bruck", CollectiveKind::all_to_all, p)) == std::log2(p) / 2);
    CHECK(most_sent(plan_of("binomial", CollectiveKind::broadcast, p)) == std::log2(p));
    CHECK(most_sent(plan_of("chain", CollectiveKind::broadcast, p)) == 1.0);
    // A double binary tree: a rank sends at most a buffer on the way up and one on the way down.
    CHECK(most_sent(plan_of("double_binary_tree", all_reduce, p)) <= 2.0);
  }
  CHECK(most_sent(plan_of("neighbors", CollectiveKind::neighbor_average, 8)) == 2.0);
}

// Where nobody but the participants adds or copies, an all-reduce needs 2(P-1) buffers sent in all (each addend but one
// has to leave, each rank but one has to be told), a broadcast or a reduce P-1, the others (P-1) blocks per block.
TEST_CASE("no plan sends less than its kind needs, and what is sent is received") {
  const std::vector<OptionSet> sets = all_option_sets();
  for (const PlanRequest& request : conformance_requests()) {
    if (request.elements != 240 || request.kind == CollectiveKind::barrier) continue;
    for (const OptionSet& set : sets) {
      if (set.algorithm->refusal(request)) continue;
      const Plan plan = set.algorithm->plan(request);
      INFO(set.text << ": " << text_of(request));
      std::int64_t sent = 0, received = 0;
      for (int p = 0; p < plan.participants(); ++p) {
        sent += elements_sent(plan, p);
        received += elements_received(plan, p);
      }
      CHECK(sent == received);
      if (plan.helper_role == HelperRole::reducer || plan.ranks < 3) continue;
      const bool twice = request.kind == CollectiveKind::all_reduce || request.kind == CollectiveKind::neighbor_average;
      const bool one_message = request.kind == CollectiveKind::point_to_point;
      CHECK(sent >= (one_message ? 1 : (twice ? 2 : 1) * (plan.ranks - 1)) * request.elements);
    }
  }
}
