// The plan of a calibration: it covers every class and condition, is the same every time, and fits its
// budget.
#include "calibrate/sweep.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "calibrate/campaign.hpp"
#include "calibrate/fake_backend.hpp"

using namespace orrery;
using namespace orrery::calibrate;

TEST_CASE("a sweep visits every operator class hot and cold, alone and together, and every collective") {
  std::map<std::string, std::set<std::string>> seen;
  for (const Visit& visit : sweep_cases({})) {
    auto& conditions = seen[class_name(visit.subject)];
    conditions.insert(visit.conditions.ranks_busy > 1 ? "together" : "alone");
    const double distance = visit.conditions.reuse_distance.value();
    conditions.insert(distance == 0.0 ? "hot" : distance < 1e6 ? "near" : distance < 3e7 ? "far" : "cold");
  }
  for (const std::string& name : sweep_classes(SweepTarget::cpu)) {
    INFO(name);
    CHECK(seen[name].count("alone") == 1);
    CHECK(seen[name].count("together") == 1);
    CHECK(seen[name].count("hot") == 1);
    CHECK(seen[name].count("near") + seen[name].count("far") + seen[name].count("cold") >= 2);
  }
  for (const std::string& name : cost::measured_collective_names()) CHECK(seen.count(name) == 1);
}

TEST_CASE("products of a sweep are thin and square, small and large, single and batched") {
  int thin = 0, batched = 0;
  double most = 0.0, least = 1e30;
  for (const Visit& visit : sweep_cases({})) {
    const auto* op = std::get_if<cost::Op>(&visit.subject);
    const auto* gemm = op != nullptr ? std::get_if<cost::Gemm>(op) : nullptr;
    if (gemm == nullptr) continue;
    thin += gemm->n <= 16 ? 1 : 0;
    batched += gemm->batch > 1 ? 1 : 0;
    most = std::max(most, cost::flops(*op).value());
    least = std::min(least, cost::flops(*op).value());
  }
  CHECK(thin > 10);
  CHECK(batched > 30);
  CHECK(most > 1e8);
  CHECK(most <= 5e8);
  CHECK(least < 1e5);
}

TEST_CASE("the same options give the same plan; another seed gives other shapes") {
  const auto texts = [](const SweepOptions& options) {
    std::string all;
    for (const Visit& v : plan_sweep(options)) all += class_name(v.subject) + shape_text(v.subject) + ";";
    return all;
  };
  CHECK(texts({}) == texts({}));
  CHECK(texts({}) != texts({.seed = Seed{2}}));
}

TEST_CASE("every round visits every case once, in another order, with anchors throughout") {
  const SweepOptions options;
  std::map<int, std::vector<std::string>> rounds;
  int since_anchor = 0, longest = 0, anchors = 0;
  for (const Visit& visit : plan_sweep(options)) {
    if (visit.is_anchor) {
      since_anchor = 0;
      ++anchors;
    } else {
      longest = std::max(longest, ++since_anchor);
      rounds[visit.round].push_back(class_name(visit.subject) + shape_text(visit.subject) +
                                    std::to_string(visit.conditions.reuse_distance.value()));
    }
  }
  REQUIRE(rounds.size() == static_cast<std::size_t>(options.rounds()));
  CHECK(rounds[0] != rounds[1]);
  for (auto& [round, cases] : rounds) std::sort(cases.begin(), cases.end());
  CHECK(rounds[0] == rounds[1]);
  CHECK(rounds[1] == rounds[2]);
  CHECK(longest <= 30);
  CHECK(anchors >= 100);
}

TEST_CASE("one rank alone measures no collectives and never waits for others") {
  for (const Visit& visit : plan_sweep({.ranks = 1})) {
    CHECK(std::holds_alternative<cost::Op>(visit.subject));
    CHECK(visit.conditions.ranks_busy == 1);
  }
}

TEST_CASE("a campaign keeps to its budget and starts again where it stopped") {
  // Setting up takes 5 ms a visit and the budget is about twice that.
  const std::vector<Visit> all = plan_sweep({});
  const std::vector<Visit> plan(all.begin(), all.begin() + 300);
  FakeBackend backend({.seed = Seed{2}, .noise = 0.3, .seconds_per_prepare = 5e-3});
  std::vector<Measurement> rows;
  const auto clock = [&backend] { return backend.now(); };
  const CampaignEvents events{[&rows](const Measurement& row) { rows.push_back(row); }, {}};
  run_campaign(backend, plan, {.budget_s = 3.0}, clock, events);
  REQUIRE(rows.size() == plan.size());
  CHECK(backend.now() < 3.6);
  CHECK(backend.now() > 2.0);
  CHECK(std::is_sorted(rows.begin(), rows.end(),
                       [](const Measurement& a, const Measurement& b) { return a.start_s < b.start_s; }));
  CHECK(rows[5].fingerprint_id == cost::fingerprint_id(backend.fingerprint()));

  rows.clear();
  run_campaign(backend, plan, {.first = 290, .elapsed_s = 2.9, .budget_s = 3.0}, clock, events);
  CHECK(rows.size() == 10);
  CHECK(rows.front().start_s >= 2.9);
  CHECK(class_name(rows.front().subject) == class_name(plan[290].subject));
}
