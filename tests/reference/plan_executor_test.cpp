// Plans on real buffers. Every rank starts with small whole numbers, whose sums floats hold exactly, so results are
// compared for equality: with ranks in one thread for every registered algorithm, option and kind, and over MPI on two ranks
// (a hidden case, which a test here starts under mpirun).
#include "validate/reference/plan_executor.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "calibrate/backends/cpu/launch.hpp"
#include "calibrate/backends/cpu/mpi_point_to_point.hpp"
#include "calibrate/backends/cpu/mpi_session.hpp"
#include "sim/collective/algorithm.hpp"
#include "tests/reference/fake_messages.hpp"
#include "tests/sim/collective/option_sets.hpp"

using namespace orrery;
using collective::Combine;
using reference::PlanExecutor;

namespace {

using Buffers = std::vector<std::vector<float>>;

/// Rank r's element i: a number that tells both.
float start_value(int rank, std::int64_t i) {
  return static_cast<float>((rank + 1) * 1000 + i % 97);
}

Buffers buffers_of(const collective::Plan& plan) {
  Buffers buffers;
  for (int p = 0; p < plan.participants(); ++p) {
    buffers.emplace_back(PlanExecutor(plan, p).elements(), 0.0F);
    if (p >= plan.ranks) continue;
    for (std::size_t i = 0; i < buffers.back().size(); ++i) {
      buffers.back()[i] = start_value(p, static_cast<std::int64_t>(i));
    }
  }
  return buffers;
}

std::size_t transfers_of(const collective::Plan& plan) {
  std::size_t count = 0;
  for (const collective::Channel& channel : plan.channels) count += channel.transfers.size();
  return count;
}

/// All participants in turn, each as far as it can go. Every turn but the last finishes a message at least, or the plan
/// stands still.
void execute(const collective::Plan& plan, Buffers& buffers) {
  reference::FakeMessages world(plan.participants());
  std::vector<PlanExecutor> executors;
  for (int p = 0; p < plan.participants(); ++p) executors.emplace_back(plan, p);
  for (int p = 0; p < plan.participants(); ++p) {
    executors[static_cast<std::size_t>(p)].start(world.rank(p), buffers[static_cast<std::size_t>(p)]);
  }
  std::size_t turns = 0;
  for (std::size_t done = 0; done < executors.size(); ++turns) {
    REQUIRE(turns <= transfers_of(plan) + 1);
    done = 0;
    for (PlanExecutor& executor : executors) done += executor.advance() ? 1 : 0;
  }
}

/// What rank `rank` holds at the end at place `i`, by the table of sim/collective/plan.hpp; NaN: scratch.
float expected(const collective::Plan& plan, int rank, std::int64_t i) {
  const int n = plan.ranks, slots = plan.layout.slots();
  const std::int64_t all = plan.layout.offset(rank, slots);
  const auto cut = [&](int block) { return plan.layout.offset(rank, slots / n * block); };
  const auto sum = [&](auto keep) {
    float total = 0.0F;
    for (int r = 0; r < n; ++r) total += keep(r) ? start_value(r, i) : 0.0F;
    return total;
  };
  const auto everyone = [](int) { return true; };
  constexpr float scratch = std::numeric_limits<float>::quiet_NaN();
  switch (plan.kind) {
    case CollectiveKind::all_reduce: return sum(everyone);
    case CollectiveKind::reduce: return rank == plan.root ? sum(everyone) : scratch;
    case CollectiveKind::reduce_scatter:
      return cut(rank) <= i && i < cut(rank + 1) ? sum(everyone) : scratch;
    case CollectiveKind::broadcast: return start_value(plan.root, i);
    case CollectiveKind::point_to_point: return start_value(rank == 1 ? 0 : rank, i);
    case CollectiveKind::neighbor_average:
      return sum([&](int r) { return (r - rank + n) % n <= 1 || (rank - r + n) % n <= 1; });
    case CollectiveKind::all_gather:
      for (int r = 0; r < n; ++r) {
        if (i < cut(r + 1)) return start_value(r, i);
      }
      return scratch;
    case CollectiveKind::all_to_all: {
      if (i < all / 2) return scratch;
      int from = 0;
      while (i >= plan.layout.offset(rank, slots / 2 + slots / 2 / n * (from + 1))) ++from;
      const std::int64_t within = i - plan.layout.offset(rank, slots / 2 + slots / 2 / n * from);
      return start_value(from, plan.layout.offset(from, slots / 2 / n * rank) + within);
    }
    case CollectiveKind::barrier: return scratch;
  }
  return scratch;
}

/// Elements of the ranks' buffers that differ from what the kind of collective promises.
int wrong_elements(const collective::Plan& plan, const Buffers& buffers, int first_rank, int last_rank) {
  int wrong = 0;
  for (int rank = first_rank; rank <= last_rank; ++rank) {
    const std::vector<float>& buffer = buffers[static_cast<std::size_t>(rank)];
    for (std::size_t i = 0; i < buffer.size(); ++i) {
      const float value = expected(plan, rank, static_cast<std::int64_t>(i));
      if (!std::isnan(value) && buffer[i] != value) ++wrong;
    }
  }
  return wrong;
}

collective::Plan plan_of(std::vector<collective::Transfer> transfers, int slots, std::int64_t elements) {
  collective::Plan plan;
  plan.ranks = 2;
  plan.layout = collective::SlotLayout::even(elements, slots);
  plan.channels.emplace_back();
  plan.channels.back().transfers = std::move(transfers);
  collective::finish(plan.channels.back());
  return plan;
}

}  // namespace

TEST_CASE("a step sends what the buffers held before it, also where both swap the same slot") {
  const collective::Plan plan = plan_of({{0, 0, 1, 0, 0, 1, Combine::copy}, {0, 1, 0, 0, 0, 1, Combine::add}}, 1, 3);
  Buffers buffers{{1, 2, 3}, {10, 20, 30}};
  execute(plan, buffers);
  CHECK(buffers[0] == std::vector<float>{11, 22, 33});
  CHECK(buffers[1] == std::vector<float>{1, 2, 3});
}

TEST_CASE("transfers of one step between the same two travel as one message, and local copies as none") {
  // Rank 0 sends slots 0 and 2; rank 1 adds the first to its slot 0 twice over: its own slot 1 comes first, as a copy.
  const collective::Plan plan = plan_of({{0, 0, 1, 0, 0, 1, Combine::add},
                                         {0, 0, 1, 2, 2, 1, Combine::copy},
                                         {0, 1, 1, 1, 0, 1, Combine::add}},
                                        3, 3);
  reference::FakeMessages world(2);
  std::vector<float> sender{1, 2, 3}, receiver{10, 20, 30};
  PlanExecutor from(plan, 0), to(plan, 1);
  from.start(world.rank(0), sender);
  to.start(world.rank(1), receiver);
  CHECK(from.advance());
  CHECK(to.advance());
  CHECK(world.messages == 1);
  CHECK(sender == std::vector<float>{1, 2, 3});
  CHECK(receiver == std::vector<float>{31, 20, 3});
}

TEST_CASE("every registered algorithm with every set of options gives exact results on real buffers") {
  int plans = 0;
  const std::vector<collective::OptionSet> sets = collective::all_option_sets();
  for (int kind = 0; kind < kCollectiveKinds; ++kind) {
    for (int ranks = 2; ranks <= 5; ++ranks) {
      // Fewer elements than ranks, a number that nothing divides, and one that all divide.
      for (const std::int64_t elements : {1, 103, 240}) {
        collective::PlanRequest request;
        request.kind = static_cast<CollectiveKind>(kind);
        request.ranks = ranks;
        request.elements = request.kind == CollectiveKind::barrier ? 0 : elements;
        request.has_reducer = true;
        if (ranks == 4) request.dimensions = {2, 2};
        for (const collective::OptionSet& set : sets) {
          if (set.algorithm->refusal(request)) continue;
          INFO(set.text << ": " << name(request.kind) << ", " << ranks << " ranks, " << elements);
          const collective::Plan plan = set.algorithm->plan(request);
          Buffers buffers = buffers_of(plan);
          execute(plan, buffers);
          CHECK(wrong_elements(plan, buffers, 0, ranks - 1) == 0);
          ++plans;
        }
      }
    }
  }
  CHECK(plans >= 12);
}

TEST_CASE("plans are executed over MPI on two ranks") {
  REQUIRE_FALSE(cpu::MpiSession::is_launched());
  cpu::LaunchSite site = cpu::this_process();
  site.arguments = {"[plan-two-ranks]", "--use-colour", "no"};
  CHECK(cpu::launch_ranks(2, site) == 0);
}

TEST_CASE("two ranks execute every plan for two over MPI", "[.][plan-two-ranks]") {
  cpu::MpiSession session;
  const auto messages = cpu::mpi_point_to_point();
  const int rank = messages->rank();
  for (int kind = 0; kind < kCollectiveKinds; ++kind) {
    for (const std::int64_t elements : {103, 300000}) {  // below and above what MPI sends without asking first
      collective::PlanRequest request;
      request.kind = static_cast<CollectiveKind>(kind);
      request.elements = request.kind == CollectiveKind::barrier ? 0 : elements;
      for (const auto& algorithm : collective::eligible(request)) {
        const collective::Plan plan = algorithm->plan(request);
        if (plan.participants() > 2) continue;
        INFO(algorithm.name() << ", " << name(request.kind) << ", " << elements);
        Buffers buffers = buffers_of(plan);
        PlanExecutor(plan, rank).run(*messages, buffers[static_cast<std::size_t>(rank)]);
        CHECK(wrong_elements(plan, buffers, rank, rank) == 0);
      }
    }
  }
}
