// The sweep of a GPU: whatever the moment at which its time ends, the rows are the most informative ones;
// cases that do not fit, fail or lose the device cost themselves only.
#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "calibrate/campaign.hpp"
#include "calibrate/fake_backend.hpp"
#include "calibrate/fit/fit.hpp"
#include "sim/base/error.hpp"
#include "sim/base/stats.hpp"

using namespace orrery;
using namespace orrery::calibrate;

namespace {

const SweepOptions kGpu{.ranks = 1, .target = SweepTarget::gpu};

std::vector<Measurement> run(FakeBackend& backend, const std::vector<Visit>& plan, CampaignOptions options) {
  std::vector<Measurement> rows;
  run_campaign(backend, plan, options, [&backend] { return backend.now(); },
               {[&rows](const Measurement& row) { rows.push_back(row); }, {}});
  return rows;
}

/// A fake GPU that is lost at one case.
class DyingBackend : public FakeBackend {
 public:
  explicit DyingBackend(int calls) : FakeBackend({.ranks = 1}, fake_gpu_truth()), calls_(calls) {}
  using FakeBackend::prepare;
  std::unique_ptr<TimedOp> prepare(const cost::Op& op, const cost::Conditions& conditions) override {
    if (--calls_ < 0) throw BackendError("an illegal address was met");
    return FakeBackend::prepare(op, conditions);
  }
  bool is_lost() const override { return calls_ < 0; }

 private:
  int calls_;
};

}  // namespace

TEST_CASE("a third of the first round has every class of the GPU, products and attention most") {
  const auto cases = sweep_cases(kGpu);
  std::map<std::string, int> seen;
  for (std::size_t i = 0; i < cases.size() / 3; ++i) ++seen[class_name(cases[i].subject)];
  for (const std::string& name : sweep_classes(SweepTarget::gpu)) {
    INFO(name);
    CHECK(seen[name] >= 1);
  }
  CHECK(seen["gemm_nt_bf16"] > 2 * seen["transpose_bf16"]);
  CHECK(seen["attention_decode_bf16"] > 2 * seen["relu_forward_bf16"]);
}

TEST_CASE("every class of the GPU sweep has enough points to be fitted, hot and cold") {
  std::map<std::string, int> points, hot;
  for (const Visit& visit : sweep_cases(kGpu)) {
    ++points[class_name(visit.subject)];
    hot[class_name(visit.subject)] += visit.conditions.reuse_distance.value() == 0.0 ? 1 : 0;
  }
  CHECK(points.size() == sweep_classes(SweepTarget::gpu).size());
  for (const auto& [name, count] : points) {
    INFO(name);
    CHECK(count >= 8);
    CHECK(hot[name] >= 1);
  }
}

TEST_CASE("shapes of the GPU sweep stay within what a few milliseconds and gigabytes hold") {
  double largest = 0.0, thinnest = 1e9;
  int odd = 0, chunks = 0;
  for (const Visit& visit : sweep_cases(kGpu)) {
    const cost::Op& op = std::get<cost::Op>(visit.subject);
    CHECK(cost::flops(op).value() <= 4e12);
    if (const auto* gemm = std::get_if<cost::Gemm>(&op)) {
      largest = std::max(largest, cost::flops(op).value());
      thinnest = std::min(thinnest, static_cast<double>(gemm->m));
      odd += gemm->m % 8 != 0 ? 1 : 0;
      if (gemm->dtype == cost::DType::fp8) {
        CHECK((gemm->m % 16 == 0 && gemm->n % 16 == 0 && gemm->k % 16 == 0));
      }
    }
    if (const auto* a = std::get_if<cost::Attention>(&op)) {
      CHECK(a->heads % a->kv_heads == 0);
      chunks += a->kv_len > a->q_len ? 1 : 0;
    }
  }
  CHECK(largest > 1e12);
  CHECK(thinnest == 1.0);
  CHECK(odd > 5);
  CHECK(chunks > 2);
}

TEST_CASE("a campaign with a fixed budget ends when it is spent and goes on later behind its last row") {
  FakeBackend backend({.ranks = 1, .seconds_per_prepare = 0.01}, fake_gpu_truth());
  const auto plan = plan_sweep(kGpu);
  std::vector<Measurement> rows = run(backend, plan, {.budget_s = 5.0, .stop_at_budget = true});
  CHECK(rows.size() < plan.size());
  CHECK(rows.size() > 50);
  const std::size_t before = rows.size();
  const auto more =
      run(backend, plan, {.first = before, .elapsed_s = 5.0, .budget_s = 10.0, .stop_at_budget = true});
  REQUIRE(!more.empty());
  CHECK(more.front().subject == plan[before].subject);
  CHECK(run(backend, plan, {.first = before, .elapsed_s = 5.0, .budget_s = 5.0, .stop_at_budget = true})
            .empty());
}

TEST_CASE("a case that does not fit is recorded and costs nothing but itself") {
  FakeBackend backend({.ranks = 1, .memory_bytes = 1e8}, fake_gpu_truth());
  const auto plan = plan_sweep(kGpu);
  const auto rows = run(backend, plan, {.budget_s = 3.0});
  REQUIRE(rows.size() == plan.size());
  std::size_t skipped = 0;
  for (const Measurement& row : rows) {
    if (row.is_measured()) continue;
    ++skipped;
    CHECK(row.skipped.find("does not fit") != std::string::npos);
  }
  CHECK(skipped > 10);
  CHECK(skipped < rows.size() / 2);
}

TEST_CASE("an excluded class has rows that say why, and no profile entry") {
  FakeBackend backend({.ranks = 1}, fake_gpu_truth());
  MeasurementFile file{"2026-01-31", backend.fingerprint(), {}, {}};
  std::vector<Visit> plan;
  const std::set<std::string> wanted{"copy", "add_bf16", "gelu_forward_bf16", "gemm_nn_bf16"};
  for (const Visit& visit : plan_sweep(kGpu)) {
    if (visit.is_anchor || wanted.count(class_name(visit.subject)) > 0) plan.push_back(visit);
  }
  file.rows = run(backend, plan, {.budget_s = 5.0, .excluded = {{"gelu_forward_bf16", "failed its check"}}});
  const cost::Profile profile = fit_profile(file, "m.csv");
  std::set<std::string> fitted;
  for (const cost::OperatorClass& c : profile.operators) fitted.insert(c.name);
  CHECK(fitted.count("gemm_nn_bf16") == 1);
  CHECK(fitted.count("gelu_forward_bf16") == 0);
  const auto row = std::find_if(file.rows.begin(), file.rows.end(), [](const Measurement& m) {
    return class_name(m.subject) == "gelu_forward_bf16";
  });
  REQUIRE(row != file.rows.end());
  CHECK(row->skipped == "failed its check");
}

TEST_CASE("when the device is lost the sweep stops behind the case that did it") {
  DyingBackend backend(30);
  const auto plan = plan_sweep({.ranks = 1, .target = SweepTarget::gpu});
  std::vector<Measurement> rows;
  CHECK_THROWS_WITH(run_campaign(backend, plan, {.budget_s = 5.0}, [&backend] { return backend.now(); },
                                 {[&rows](const Measurement& row) { rows.push_back(row); }, {}}),
                    Catch::Contains("device is lost") && Catch::Contains("illegal address"));
  CHECK(rows.size() == 31);
  CHECK(!rows.back().is_measured());
}

TEST_CASE("the fit of a fake GPU finds its products, attention and launches again") {
  FakeBackend backend({.ranks = 1}, fake_gpu_truth());
  MeasurementFile file{"2026-01-31", backend.fingerprint(), {}, {}};
  const std::set<std::string> wanted{"copy", "add_bf16", "launch", "gemm_nn_bf16", "attention_forward_bf16"};
  std::vector<Visit> plan;
  for (const Visit& visit : plan_sweep(kGpu)) {
    if (visit.is_anchor || wanted.count(class_name(visit.subject)) > 0) plan.push_back(visit);
  }
  file.rows = run(backend, plan, {.budget_s = 10.0});
  const auto costs = cost::make_cost_model(fit_profile(file, "m.csv"));
  const std::vector<cost::Op> unseen{cost::Gemm{.m = 4000, .n = 4096, .k = 2048, .dtype = cost::DType::bf16},
                                     cost::Attention{.batch = 2,
                                                     .heads = 16,
                                                     .kv_heads = 16,
                                                     .q_len = 3000,
                                                     .kv_len = 3000,
                                                     .head_dim = 128,
                                                     .causal = true,
                                                     .dtype = cost::DType::bf16},
                                     cost::Launch{.kernels = 40}, cost::Copy{.elements = 30000000}};
  for (const cost::Op& op : unseen) {
    INFO(cost::class_name(op));
    const double truth = backend.truth(op, {}).value();
    CHECK(costs->estimate(op, {}).time.value() == Approx(truth).epsilon(0.12));
  }
}
