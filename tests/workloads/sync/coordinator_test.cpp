// The variants' semantics by hand, arrival by arrival; that the coordinator refuses what makes no sense and allocates
// nothing; the rules of AdaComm and AdaSync (oracle A11) and the mixing matrix of gossip (oracle B9).
#include "workloads/sync/coordinator.hpp"

#include <Eigen/Eigenvalues>
#include <catch2/catch.hpp>
#include <fstream>
#include <initializer_list>

#include "tests/counted_allocations.hpp"
#include "tests/workloads/sync/race.hpp"

using namespace orrery;
using namespace orrery::sync;

namespace {

double oracle(const std::string& id) {
  std::ifstream file(ORRERY_SOURCE_DIR "/tests/oracles/sgd_iteration.json");
  return Json::parse(file).at("vectors").at(id).at("expected").get<double>();
}

using Nexts = std::vector<Next>;
constexpr Next go = Next::go_on, repeat = Next::repeat, fetch = Next::fetch, waits = Next::wait;

std::vector<std::int64_t> staleness(const Orders& orders) {
  std::vector<std::int64_t> result;
  for (const Applied& a : orders.applied) result.push_back(a.staleness);
  return result;
}

/// Drives a variant by arrivals alone; time goes on by a second with each.
struct Script {
  Script(const std::string& text, int learners) : chosen(variant(text)), coordinator(*chosen, learners) {}
  const Orders& arrive(int learner, double loss = 1.0) {
    return coordinator.arrive(learner, now += Seconds(1.0), loss);
  }
  Registered<Variant> chosen;
  Coordinator coordinator;
  Seconds now{0.0};
};

/// Decides as it is told.
struct Fixed final : Variant {
  std::unique_ptr<Variant> clone() const override { return std::make_unique<Fixed>(*this); }
  void visit(FieldVisitor&) override {}
  std::optional<std::string> refusal(int) const override { return std::nullopt; }
  bool is_central() const override { return central; }
  std::optional<std::int64_t> staleness_bound(int) const override { return std::nullopt; }
  Expectation expectation(const straggler::StragglerConfig&, int) const override { return {}; }
  std::string label() const override { return "fixed"; }
  void on_gradient(const Arrival&, const View&, Decision& d) const override {
    d.use = use;
    d.next = next;
    d.round = round;
  }
  void on_round(int, const View&, Round& r) const override { r.mix.push_back(mix); }
  bool central = true;
  Use use = Use::apply;
  Nexts next;
  RoundOf round = RoundOf::none;
  Mix mix;
};

bool is_refused(const Fixed& decision) {
  Coordinator coordinator(decision, 2);
  try {
    coordinator.arrive(0, Seconds(1.0), 1.0);
  } catch (const InternalError&) {
    return true;
  }
  return false;
}

}  // namespace

TEST_CASE("K-sync: the first K make the update, the others are cancelled") {
  Script s(R"({"kind": "k_sync", "k": 2})", 3);
  CHECK(s.arrive(2).next == Nexts{go, go, waits});
  const Orders& update = s.arrive(0);
  CHECK(update.use == Use::apply);
  CHECK(update.next == Nexts{fetch, fetch, fetch});
  CHECK(staleness(update) == std::vector<std::int64_t>{0, 0});
  CHECK(update.applied[0].learner == 2);
  CHECK(s.coordinator.books().cancelled == 1);  // learner 1; 0 and 2 had finished
  CHECK(s.coordinator.version() == 1);
}

TEST_CASE("K-batch-sync: who has finished computes another mini-batch at the same model") {
  Script s(R"({"kind": "k_batch_sync", "k": 3})", 3);
  CHECK(s.arrive(2).next == Nexts{go, go, repeat});
  CHECK(s.arrive(2).next == Nexts{go, go, repeat});
  CHECK(s.arrive(2).next == Nexts{fetch, fetch, fetch});
  CHECK(s.coordinator.books().cancelled == 2);
  CHECK(s.coordinator.books().staleness[0] == 3);
}

TEST_CASE("K-async: the K wait for their update, the others go on and are stale when they come") {
  Script s(R"({"kind": "k_async", "k": 2})", 3);
  CHECK(s.arrive(0).next == Nexts{waits, go, go});
  CHECK(s.arrive(1).next == Nexts{fetch, fetch, go});
  CHECK(s.arrive(2).next == Nexts{go, go, waits});
  const Orders& update = s.arrive(1);
  CHECK(update.next == Nexts{go, fetch, fetch});
  CHECK(staleness(update) == std::vector<std::int64_t>{1, 0});
  CHECK(s.coordinator.books().cancelled == 0);
}

TEST_CASE("K-batch-async: a learner fetches after its own push, the K-th the updated model") {
  Script s(R"({"kind": "k_batch_async", "k": 2})", 2);
  CHECK(s.arrive(0).next == Nexts{fetch, go});           // at version 0
  CHECK(staleness(s.arrive(0)) == std::vector<std::int64_t>{0, 0});  // now at version 1
  CHECK(s.arrive(1).next == Nexts{go, fetch});           // computed at version 0, fetches version 1
  CHECK(staleness(s.arrive(0)) == std::vector<std::int64_t>{1, 0});
}

TEST_CASE("async: everything updates at once; a gradient is as stale as others were busy") {
  Script s(R"("async")", 2);
  s.arrive(0);
  s.arrive(0);
  const Orders& late = s.arrive(1);
  CHECK(late.next == Nexts{go, fetch});
  CHECK(staleness(late) == std::vector<std::int64_t>{2});
}

TEST_CASE("SSP: nobody begins more than s gradients ahead of the slowest, and its bound is reached") {
  Script s(R"({"kind": "ssp", "s": 1})", 2);
  CHECK(s.arrive(0).next == Nexts{fetch, go});  // 1 ahead
  CHECK(s.arrive(0).next == Nexts{waits, go});  // 2 ahead
  CHECK(s.arrive(1).next == Nexts{fetch, fetch});
  CHECK(s.arrive(1).next == Nexts{go, fetch});
  CHECK(s.arrive(1).next == Nexts{go, fetch});
  CHECK(s.arrive(1).next == Nexts{go, waits});
  CHECK(staleness(s.arrive(0)) == std::vector<std::int64_t>{3});  // (P - 1) (2 s + 1)
}

TEST_CASE("backup workers: late gradients are dropped, their learners are not cancelled") {
  Script s(R"({"kind": "backup_workers", "backups": 1})", 3);
  CHECK(s.arrive(0).next == Nexts{waits, go, go});
  CHECK(s.arrive(1).next == Nexts{fetch, fetch, go});
  const Orders& late = s.arrive(2);
  CHECK(late.use == Use::drop);
  CHECK(late.next == Nexts{go, go, fetch});
  CHECK(s.coordinator.books().dropped == 1);
  CHECK(s.coordinator.books().cancelled == 0);
}

TEST_CASE("local SGD: tau steps each, then the last to come starts the averaging of all") {
  Script s(R"({"kind": "local_sgd", "tau": 2})", 2);
  CHECK(s.arrive(0).next == Nexts{repeat, go});
  CHECK(s.arrive(0).next == Nexts{waits, go});
  CHECK(s.arrive(1).next == Nexts{go, repeat});
  const Orders& round = s.arrive(1);
  CHECK(round.next == Nexts{waits, waits});
  CHECK(round.round_members == std::vector<int>{0, 1});
  REQUIRE(round.round.mix.size() == 4);
  for (const Mix& m : round.round.mix) CHECK(m.weight == 0.5);
  CHECK(s.coordinator.books().updates == 4);
}

TEST_CASE("elastic averaging: a learner and the centre exchange, the others do not notice") {
  Script s(R"({"kind": "elastic_averaging", "tau": 1, "alpha": 0.25})", 2);
  const Orders& round = s.arrive(1);
  CHECK(round.next == Nexts{go, waits});
  CHECK(round.round_members == std::vector<int>{1});
  CHECK(round.round.traffic == RoundTraffic::server);
  REQUIRE(round.round.mix.size() == 4);
  for (const Mix& m : round.round.mix) CHECK(m.weight == (m.target == m.source ? 0.75 : 0.25));
}

TEST_CASE("AdaComm averages after ceil(sqrt(F_l / F_0) tau_0) steps: oracle A11") {
  Script s(R"({"kind": "adacomm", "tau": 20, "block": "20 s"})", 1);
  s.now = Seconds(-0.5);  // twenty arrivals in each block
  const auto steps_to_round = [&s](double loss) {
    int steps = 1;
    while (s.arrive(0, loss).round_members.empty()) ++steps;
    return steps;
  };
  CHECK(steps_to_round(1.0) == 20);
  CHECK(steps_to_round(0.25) == 20);  // within the second block the first still counts
  CHECK(steps_to_round(0.25) == static_cast<int>(oracle("A11.adacomm.tau_next")));
  s.now = Seconds(61.0);
  s.arrive(0, 4.0);
  s.now = Seconds(101.0);
  CHECK(steps_to_round(4.0) == 19);  // worse than at first: not beyond tau_0, of which one step is done
}

TEST_CASE("AdaSync takes K_0 sqrt(F_0 / F_l) gradients, at most P: oracle A11") {
  Script s(R"({"kind": "adasync", "k": 2, "block": "10 s"})", 8);
  const auto gradients = [&s](double loss) {
    for (int n = 0; n < 100; ++n) {
      const Orders& orders = s.arrive(0, loss);
      if (orders.use == Use::apply) return static_cast<int>(orders.applied.size());
    }
    return 0;
  };
  for (int i = 0; i < 4; ++i) CHECK(gradients(1.0) == 2);
  s.now = Seconds(10.0);
  CHECK(gradients(0.25) == 2);
  s.now = Seconds(20.0);
  CHECK(gradients(0.01) == static_cast<int>(oracle("A11.adasync.K_next")));
  s.now = Seconds(30.0);
  CHECK(gradients(0.01) == 8);
}

TEST_CASE("gossip on a ring has the second eigenvalue (1 + 2 cos(2 pi / n)) / 3: oracle B9") {
  for (const int n : {8, 16}) {
    const Registered<Variant> v = variant(R"("gossip")");
    const std::vector<LearnerView> learners(static_cast<std::size_t>(n));
    Round round;
    v->on_round(0, View{0, learners, {}, {}}, round);
    CHECK(round.traffic == RoundTraffic::neighbours);
    Eigen::MatrixXd w = Eigen::MatrixXd::Zero(n, n);
    for (const Mix& m : round.mix) w(m.target, m.source) += m.weight;
    CHECK((w - w.transpose()).norm() == 0.0);
    const Eigen::VectorXd values = Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(w).eigenvalues();
    CHECK(values(n - 1) == Approx(1.0).epsilon(1e-12));
    CHECK(values(n - 2) == Approx(oracle("B9.gossip.ring.n" + std::to_string(n))).epsilon(1e-9));
    CHECK(std::abs(values(0)) < values(n - 2));
  }
}

TEST_CASE("decisions that make no sense stop the run") {
  Fixed good;
  good.next = {fetch, go};
  CHECK(!is_refused(good));
  const auto with = [&good](auto change) {
    Fixed f = good;
    change(f);
    return is_refused(f);
  };
  CHECK(with([](Fixed& f) { f.next = {fetch, repeat}; }));       // the other one computes
  CHECK(with([](Fixed& f) { f.next = {fetch, waits}; }));
  CHECK(with([](Fixed& f) { f.next = {go, go}; }));              // the arrived one is told nothing
  CHECK(with([](Fixed& f) { f.next = {fetch}; }));
  CHECK(with([](Fixed& f) { f.use = Use::local; }));             // there is no local model
  CHECK(with([](Fixed& f) { f.round = RoundOf::arrived; }));
  const auto local = [&good](auto change) {
    Fixed f = good;
    f.central = false;
    f.use = Use::local;
    f.next = {waits, go};
    f.round = RoundOf::arrived;
    f.mix = {0, 0, 1.0};
    change(f);
    return is_refused(f);
  };
  CHECK(!local([](Fixed&) {}));
  CHECK(local([](Fixed& f) { f.use = Use::apply; }));            // there is no central model
  CHECK(local([](Fixed& f) { f.use = Use::hold; }));
  CHECK(local([](Fixed& f) { f.next = {fetch, go}; }));
  CHECK(local([](Fixed& f) { f.round = RoundOf::all; }));        // one of all still computes
  CHECK(local([](Fixed& f) { f.mix = {0, 2, 1.0}; }));           // no such model
}

TEST_CASE("arrivals out of turn stop the run") {
  Script s(R"("sync")", 2);
  s.arrive(0);
  CHECK_THROWS_AS(s.arrive(0), InternalError);  // it waits
  CHECK_THROWS_AS(s.arrive(2), InternalError);
  CHECK_THROWS_AS(s.coordinator.arrive(1, Seconds(0.5), 1.0), InternalError);
}

TEST_CASE("nobody left to compute stops the run") {
  Fixed f;
  f.use = Use::drop;
  f.next = {waits, go};
  Coordinator coordinator(f, 2);
  coordinator.arrive(0, Seconds(1.0), 1.0);
  f.next = {go, waits};
  CHECK_THROWS_AS(coordinator.arrive(1, Seconds(2.0), 1.0), InternalError);
}

TEST_CASE("arrivals allocate nothing once the run is warm") {
  for (const NameAndHelp& entry : Variant::registry().names()) {
    const Registered<Variant> v(entry.name);
    INFO(entry.name);
    Race race(*v, compute(R"({"distribution": "exponential"})"), 8);
    for (int i = 0; i < 2000; ++i) race.step();
    const std::size_t before = allocations;
    for (int i = 0; i < 2000; ++i) race.step();
    CHECK(allocations == before);
  }
}
