// What every registered variant must do, in several configurations, with 1 to 8 learners and whatever compute times. The
// test keeps books of its own from the orders alone (who holds which version, which gradients wait) and compares.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <map>

#include "sim/base/stats.hpp"
#include "tests/workloads/sync/option_sets.hpp"
#include "tests/workloads/sync/race.hpp"

using namespace orrery;
using namespace orrery::sync;

namespace {

constexpr int kArrivals = 10000;

std::vector<std::string> variant_names() {
  std::vector<std::string> names;
  for (const NameAndHelp& entry : Variant::registry().names()) names.push_back(entry.name);
  return names;
}

/// Follows a run by its orders and fails where they contradict each other.
class Auditor {
 public:
  Auditor(const Variant& variant, int learners)
      : variant_(variant), learners_(learners), holds_(static_cast<std::size_t>(learners)),
        computes_(static_cast<std::size_t>(learners), true) {}

  void check(int arrived, const Orders& orders) {
    const auto self = static_cast<std::size_t>(arrived);
    fact(computes_[self]);
    computes_[self] = false;
    pending_.push_back({arrived, holds_[self]});
    if (orders.use == Use::apply) apply(orders);
    if (orders.use == Use::drop) pending_.pop_back(), ++dropped;
    if (orders.use == Use::local) pending_.pop_back(), ++used;
    fact(orders.next.size() == holds_.size());
    for (std::size_t i = 0; i < holds_.size(); ++i) move(i, orders.next[i]);
    if (!orders.round_members.empty()) check_round(orders);
    fact(std::count(computes_.begin(), computes_.end(), true) > 0);  // or nothing would ever happen again
  }

  std::int64_t held() const { return static_cast<std::int64_t>(pending_.size()); }
  std::int64_t used = 0, dropped = 0, cancelled = 0, updates = 0, rounds = 0;

 private:
  /// Cheaper than an assertion of the test framework, of which millions would be too slow.
  void fact(bool holds) const {
    if (!holds) FAIL("the orders contradict each other after " << used + dropped << " gradients");
  }

  void apply(const Orders& orders) {
    fact(orders.applied.size() == pending_.size());
    const std::optional<std::int64_t> bound = variant_.staleness_bound(learners_);
    for (std::size_t i = 0; i < pending_.size(); ++i) {
      fact(orders.applied[i].learner == pending_[i].learner);
      fact(orders.applied[i].staleness == updates - pending_[i].version);
      fact(orders.applied[i].staleness <= bound.value_or(INT64_MAX));
    }
    used += held();
    pending_.clear();
    ++updates;
  }

  void move(std::size_t i, Next next) {
    if (next == Next::fetch) {
      if (computes_[i]) ++cancelled;
      holds_[i] = updates;
    }
    if (next == Next::repeat) fact(!computes_[i]);
    if (next == Next::wait) fact(!computes_[i]);
    if (next == Next::fetch || next == Next::repeat) computes_[i] = true;
  }

  /// Nobody's model is lost in a round: rows of a mixing matrix sum to 1. Nor does any model gain weight: columns do too
  /// (one learner alone excepted, whose server has just a copy).
  void check_round(const Orders& orders) {
    ++rounds;
    std::vector<double> rows(holds_.size() + 1, 0.0), columns = rows;
    for (const Mix& m : orders.round.mix) {
      const bool is_member =
          std::binary_search(orders.round_members.begin(), orders.round_members.end(), m.target);
      fact(is_member || (variant_.has_server_model() && m.target == learners_));
      fact(m.weight >= 0.0);
      rows[static_cast<std::size_t>(m.target)] += m.weight;
      columns[static_cast<std::size_t>(m.source)] += m.weight;
    }
    const auto is_one_or_none = [](double sum) { return sum == 0.0 || std::abs(sum - 1.0) < 1e-12; };
    for (std::size_t i = 0; i < rows.size(); ++i) {
      fact(is_one_or_none(rows[i]));
      fact(learners_ == 1 || is_one_or_none(columns[i]));
    }
    for (const int member : orders.round_members)
      fact(rows[static_cast<std::size_t>(member)] > 0.0 || learners_ == 1);
    for (const int member : orders.round_members) {
      fact(!computes_[static_cast<std::size_t>(member)]);
      computes_[static_cast<std::size_t>(member)] = true;
    }
  }

  const Variant& variant_;
  int learners_;
  std::vector<std::int64_t> holds_;  ///< version of each learner's model
  std::vector<bool> computes_;
  std::vector<Held> pending_;        ///< gradients at the server that no update has used yet
};

/// A loss that falls, for variants that adapt to it.
double falling(Seconds now) { return 1.0 / (1.0 + now.value() / 100.0); }

std::uint64_t hash_of(const Variant& variant, const straggler::StragglerConfig& compute, int learners, Seed seed) {
  Race race(variant, compute, learners, seed);
  for (int i = 0; i < 1000; ++i) race.step(falling(race.now()));
  return race.coordinator().decisions_hash();
}

}  // namespace

TEST_CASE("thirteen variants and more are registered") { CHECK(variant_names().size() >= 13); }

TEST_CASE("every gradient is used once, held or dropped, and nobody waits for ever") {
  const std::string times = GENERATE(
      as<std::string>{}, R"({"distribution": "exponential"})", R"({"distribution": "constant"})",
      R"({"distribution": {"kind": "pareto", "shape": 1.5}, "factors": [1, 3],
          "slow_phases": {"factor": 5, "normal": "20 s", "slow": "5 s"}})");
  const int learners = GENERATE(1, 2, 3, 8);
  for (const std::string& name : variant_names()) {
    int runs = 0;
    for (const Registered<Variant>& v : option_sets(name, learners)) {
      INFO(v->label() << ", " << learners << " learners, " << times);
      if (v->refusal(learners)) continue;
      ++runs;
      Race race(*v, compute(times), learners);
      Auditor auditor(*v, learners);
      for (int i = 0; i < kArrivals; ++i) {
        const Orders& orders = race.step(falling(race.now()));
        auditor.check(race.arrived(), orders);
      }
      const Books& books = race.coordinator().books();
      std::int64_t used = 0;
      for (const std::int64_t count : books.staleness) used += count;
      CHECK(books.gradients == kArrivals);
      CHECK(used == auditor.used);
      CHECK(books.dropped == auditor.dropped);
      CHECK(books.cancelled == auditor.cancelled);
      CHECK(books.rounds == auditor.rounds);
      CHECK(books.gradients == used + auditor.held() + books.dropped);
      CHECK(books.updates == (v->is_central() ? auditor.updates : used));
      CHECK(race.coordinator().version() == auditor.updates);
      CHECK((v->is_central() ? books.updates : books.rounds) > 50);
      CHECK(used > kArrivals / 3);  // most work is for something
    }
    CHECK(runs >= 1);
  }
}

TEST_CASE("one learner is plain SGD: each gradient updates the model at which it was computed") {
  for (const std::string& name : variant_names()) {
    const Registered<Variant> v = with_smallest_numbers(name);
    INFO(v->label());
    REQUIRE(!v->refusal(1));
    Race race(*v, compute(R"({"distribution": "exponential"})"), 1);
    for (int i = 0; i < 1000; ++i) {
      const Orders& orders = race.step(falling(race.now()));
      REQUIRE(orders.use == (v->is_central() ? Use::apply : Use::local));
      REQUIRE(orders.applied.size() == (v->is_central() ? 1U : 0U));
      for (const Applied& a : orders.applied) REQUIRE(a.staleness == 0);
      for (const Mix& m : orders.round.mix)  // rounds leave its model as it is
        if (m.target == 0) REQUIRE((m.source == 0 && m.weight == 1.0));
    }
    const Books& books = race.coordinator().books();
    CHECK(books.updates == 1000);
    CHECK(books.dropped + books.cancelled == 0);
    CHECK(books.mean_staleness() == 0.0);
  }
}

TEST_CASE("the same run takes the same decisions, another seed or another variant's clone aside") {
  const straggler::StragglerConfig times = compute(R"({"distribution": "exponential"})");
  for (const std::string& name : variant_names()) {
    const Registered<Variant> v(name);
    const Registered<Variant> copy = v;
    INFO(name);
    const std::uint64_t hash = hash_of(*v, times, 3, Seed{1});
    CHECK(hash_of(*v, times, 3, Seed{1}) == hash);
    CHECK(hash_of(*copy, times, 3, Seed{1}) == hash);
    CHECK(hash_of(*v, times, 3, Seed{2}) != hash);
  }
}

TEST_CASE("labels tell variants and their numbers apart, and refusals name the value and the way out") {
  std::map<std::string, std::string> labels;
  for (const std::string& name : variant_names()) {
    const Registered<Variant> v(name);
    CHECK(!v->label().empty());
    CHECK(labels.emplace(v->label(), name).second);
    const Registered<Variant> large = with_numbers(name, 9);
    if (const std::optional<std::string> refusal = large->refusal(8)) {
      INFO(name << ": " << *refusal);
      CHECK(refusal->find("=9") != std::string::npos);
      CHECK(refusal->find("there are 8 learners") != std::string::npos);
      CHECK(refusal->find("use ") != std::string::npos);
    }
  }
  CHECK(*with_numbers("k_sync", 9)->refusal(8) == "k=9, but there are 8 learners; use k <= 8");
  CHECK(*with_numbers("backup_workers", 8)->refusal(8) ==
        "backups=8, but there are 8 learners; use backups <= 7");
  CHECK(!with_numbers("k_sync", 8)->refusal(8));
  CHECK(!with_numbers("k_batch_sync", 12)->refusal(8));
}

TEST_CASE("what a variant expects is what happens, for all variants and exponential times") {
  constexpr int kLearners = 3, kBatches = 40, kPerBatch = 600;
  const straggler::StragglerConfig times =
      compute(GENERATE(as<std::string>{}, R"({"distribution": {"kind": "exponential", "mean": "2 s"}})",
                       R"({"distribution": {"kind": "exponential", "mean": "2 s"}, "factors": [1, 1, 4]})"));
  for (const std::string& name : variant_names()) {
    for (const Registered<Variant>& v : option_sets(name, kLearners)) {
      if (v->refusal(kLearners)) continue;
      const Expectation expected = v->expectation(times, kLearners);
      INFO(v->label());
      CHECK(!expected.formula.empty());
      Race race(*v, times, kLearners, Seed{7});
      for (int i = 0; i < 200; ++i) race.step();
      std::vector<double> iteration, staleness, fresh;
      for (int b = 0; b < kBatches; ++b) {
        const Seconds begin = race.now();
        double updates = 0.0, stale = 0.0, zero = 0.0, used = 0.0;
        while (updates < kPerBatch) {
          const Orders& orders = race.step();
          if (orders.use == Use::apply) updates += 1.0;
          if (orders.use == Use::local) updates += 1.0 / kLearners;
          for (const Applied& a : orders.applied) {
            used += 1.0;
            stale += static_cast<double>(a.staleness);
            if (a.staleness == 0) zero += 1.0;
          }
        }
        iteration.push_back((race.now() - begin).value() / updates);
        staleness.push_back(used == 0.0 ? 0.0 : stale / used);
        fresh.push_back(used == 0.0 ? 1.0 : zero / used);
      }
      constexpr double kConfidence = 0.9998;
      if (expected.iteration) {
        const Interval interval = mean_interval(iteration, kConfidence);
        INFO("iteration " << interval.centre << " +- " << interval.half_width);
        CHECK(interval.contains(expected.iteration->value()));
        CHECK(interval.relative() < (times.factors.empty() ? 0.03 : 0.05));  // unequal learners scatter more
      }
      const auto agrees = [&](const std::vector<double>& found, double theory) {
        const Interval interval = mean_interval(found, kConfidence);
        INFO(interval.centre << " +- " << interval.half_width << ", expected " << theory);
        CHECK(std::abs(interval.centre - theory) <= interval.half_width + 0.005);  // the first and last of a batch
        CHECK(interval.half_width < 0.05);
      };
      if (expected.staleness) agrees(staleness, *expected.staleness);
      if (expected.fresh) agrees(fresh, *expected.fresh);
    }
  }
}
