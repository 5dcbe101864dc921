// A thinned table must be smaller and fit to the same profile, byte for byte.
#include "calibrate/thin.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include "calibrate/campaign.hpp"
#include "calibrate/fake_backend.hpp"
#include "calibrate/fit/fit.hpp"
#include "sim/base/error.hpp"

using namespace orrery;
using namespace orrery::calibrate;
using Catch::Contains;

namespace {

/// As it comes from a file: with telemetry, some visits of few calls, some cases that do not fit.
MeasurementFile a_table(SweepTarget target, const std::set<std::string>& classes, int ranks) {
  FakeBackend backend({.ranks = ranks, .memory_bytes = 3e9, .drift = 0.1, .seconds_per_prepare = 0.01},
                      target == SweepTarget::gpu ? fake_gpu_truth() : fake_truth());
  MeasurementFile file{"2026-01-31", backend.fingerprint(), {{"sweep", "quick"}}, {}};
  std::vector<Visit> plan;
  for (const Visit& visit : plan_sweep({.ranks = ranks, .target = target})) {
    if (visit.is_anchor || classes.count(class_name(visit.subject)) > 0) plan.push_back(visit);
  }
  run_campaign(backend, plan, {.budget_s = 5.0, .excluded = {{"relu_forward_bf16", "failed, with a comma"}}},
               [&backend] { return backend.now(); },
               {[&file](const Measurement& row) { file.rows.push_back(row); }, {}});
  for (std::size_t i = 0; i < file.rows.size(); ++i) {
    Measurement& row = file.rows[i];
    if (!row.is_measured()) continue;
    row.telemetry.algorithm = "kernel_" + std::to_string(i);
    row.telemetry.clock_mhz = 1700.0 + static_cast<double>(i);
    if (i % 7 == 0) row.times.samples = 5;
  }
  return read_measurements(write_measurements(file), "whole.csv");
}

const MeasurementFile& gpu_table() {
  static const MeasurementFile file =
      a_table(SweepTarget::gpu, {"copy", "add_bf16", "gemm_nn_bf16", "relu_forward_bf16"}, 1);
  return file;
}

}  // namespace

TEST_CASE("the fit of a thinned table is the fit of the whole one, byte for byte") {
  const MeasurementFile& whole = gpu_table();
  const std::string thin = write_thinned(whole);
  CHECK(cost::write_profile(fit_profile(read_measurements(thin, "thin.csv"), "m.csv")) ==
        cost::write_profile(fit_profile(whole, "m.csv")));
  CHECK(thin.size() < 6 * write_measurements(whole).size() / 10);
}

TEST_CASE("thinning keeps the fit where collectives are in the table and ranks were busy") {
  const MeasurementFile whole = a_table(SweepTarget::cpu, {"copy", "all_reduce"}, 2);
  const MeasurementFile thin = read_measurements(write_thinned(whole), "thin.csv");
  CHECK(thin.rows.size() == whole.rows.size());
  CHECK(cost::write_profile(fit_profile(thin, "m.csv")) == cost::write_profile(fit_profile(whole, "m.csv")));
}

TEST_CASE("a thinned table has every measured row and one row per class and reason to skip") {
  const MeasurementFile& whole = gpu_table();
  const MeasurementFile thin = read_measurements(write_thinned(whole), "thin.csv");
  CHECK(thin.facts == whole.facts);
  CHECK(thin.date == whole.date);
  CHECK(thin.fingerprint == whole.fingerprint);
  CHECK(measured_rows(thin.rows).size() == measured_rows(whole.rows).size());
  const auto relu = [](const Measurement& m) { return class_name(m.subject) == "relu_forward_bf16"; };
  CHECK(std::count_if(whole.rows.begin(), whole.rows.end(), relu) > 10);
  REQUIRE(std::count_if(thin.rows.begin(), thin.rows.end(), relu) == 1);
  CHECK(std::find_if(thin.rows.begin(), thin.rows.end(), relu)->skipped == "failed, with a comma");
}

TEST_CASE("thinning a thinned table changes nothing") {
  const std::string once = write_thinned(gpu_table());
  CHECK(write_thinned(read_measurements(once, "thin.csv")) == once);
}

TEST_CASE("what is the same in every row stands once, and is read back into every row") {
  const MeasurementFile file = read_measurements(
      "# date=2026-01-31\n# column.device=a GPU, large\n# column.ranks_busy=2\nclass,shape,median_s,start_s\n"
      "copy,elements=8,1e-6,1\ncopy,elements=9,2e-6,2\n",
      "m.csv");
  REQUIRE(file.rows.size() == 2);
  CHECK(file.rows[1].device == "a GPU, large");
  CHECK(file.rows[1].conditions.ranks_busy == 2);
  CHECK(file.facts.empty());
  const std::string text =
      write_columns(file, {"device", "class", "shape", "ranks_busy", "start_s", "median_s"});
  CHECK_THAT(text,
             Contains("# column.device=a GPU, large\n# column.ranks_busy=2\nclass,shape,start_s,median_s\n"));
}

TEST_CASE("a mistake in a column that stands once is told with its place") {
  const std::string rest = "class,shape,median_s\ncopy,elements=8,1e-6\n";
  CHECK_THROWS_WITH(read_measurements("# column.devise=x\n" + rest, "m.csv"),
                    Contains("m.csv:1:1: unknown column \"devise\"; did you mean \"device\"?"));
  CHECK_THROWS_WITH(read_measurements("# a=b\n# column.samples=many\n" + rest, "m.csv"),
                    Contains("m.csv:2:1: samples: expected a number >= 0, got \"many\""));
}
