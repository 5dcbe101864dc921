// The report of a calibration: every class on one screen, the headline last, the same figures in every
// format.
#include "calibrate/report.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "sim/base/json_io.hpp"

using namespace orrery;
using namespace orrery::calibrate;
using Catch::Contains;

namespace {

/// Two classes with known leave-one-out errors: +-10 % hot and alone, +-30 % cold and together.
cost::Profile a_profile() {
  cost::Profile profile;
  profile.device = "fake machine";
  cost::OperatorClass copy;
  copy.name = "copy";
  copy.residual.length = copy.residual.low = copy.residual.high = {1.0, 1.0, 1.0};
  copy.residual.points = {7, std::log(1e4), 0, 7, std::log(1e4), 0, 7, std::log(1e8), std::log(2.0)};
  copy.residual.weights = {0, 0, 0};
  copy.residual.held_out = {0.1, -0.1, 0.3};
  copy.errors.white_box_median = 0.4;
  profile.operators = {copy};
  cost::CollectiveClass all_reduce;
  all_reduce.name = "all_reduce";
  all_reduce.model.regimes = {{}};
  all_reduce.residual.held_out = {0.02, 0.04, -0.06};
  profile.collectives = {all_reduce};
  return profile;
}

}  // namespace

TEST_CASE("a report splits the errors of a class by regime and signs its bias") {
  const CalibrationReport report = report_profile(a_profile());
  REQUIRE(report.operators.size() == 1);
  const ErrorRow& copy = report.operators[0];
  CHECK(copy.points == 3);
  CHECK(copy.median == Approx(0.1));
  CHECK(copy.bias == Approx(0.1));
  CHECK(copy.p90 == Approx(0.26));  // linear between the order statistics 0.1, 0.1, 0.3
  CHECK(copy.formula_median == 0.4);
  CHECK(copy.alone == Approx(0.1));
  CHECK(copy.busy == Approx(0.3));
  CHECK(copy.in_cache == Approx(0.1));
  CHECK(copy.out_of_cache == Approx(0.3));
  CHECK(report.collectives[0].median == Approx(0.04));
  CHECK_FALSE(report.collectives[0].alone.has_value());
}

TEST_CASE("every format ends or begins where people and programs look for it") {
  const CalibrationReport report = report_profile(a_profile());
  const std::string table = report_table(report), markdown = report_markdown(report),
                    csv = report_csv(report);
  const std::string last = table.substr(table.rfind('\n', table.size() - 2) + 1);
  CHECK_THAT(last,
             Catch::StartsWith("headline: ") && Contains("10.0 %") && Contains("all_reduce median 4.0 %"));
  CHECK_THAT(markdown, Contains("| copy | 3 | 10.0 |"));
  CHECK_THAT(csv, Catch::StartsWith("class,points,median,") && Contains("copy,3,0.1,"));
  const Json json = Json::parse(report_json(report));
  CHECK(json["operators"][0]["class"] == "copy");
  CHECK(json["operators"][0]["busy_median"].get<double>() == Approx(0.3));
  CHECK(json["headline"].get<std::string>() + "\n" == last);
}

TEST_CASE("a profile can be scored against measurements that it has not seen") {
  cost::Profile profile = a_profile();
  const auto model = cost::make_cost_model(profile);
  const cost::Op op = cost::Copy{.elements = 1000};
  MeasurementFile file;
  Measurement row;
  row.subject = op;
  row.times.median_s = 1.25 * model->estimate(op, {}).time.value();
  file.rows = {row};
  const CalibrationReport report = report_profile(profile, file);
  CHECK(report.operators[0].bias == Approx(std::log(1.25)));
  CHECK(report.operators[0].points == 1);
  CHECK_THAT(report.headline, Contains("profile against these measurements"));
}

TEST_CASE("a report names the classes that a table skips, with cases and reason") {
  const auto row = [](std::int64_t elements, const std::string& skipped) {
    Measurement m;
    m.subject = cost::Copy{.elements = elements};
    m.skipped = skipped;
    m.times.median_s = skipped.empty() ? 1e-6 : 0.0;
    return m;
  };
  MeasurementFile file;
  // Three rounds of one case, one of another, and a third that was measured.
  file.rows = {row(10, "does not fit"), row(10, "does not fit"), row(10, "does not fit"), row(20, "refused"),
               row(30, "")};
  const CalibrationReport report = report_profile(a_profile(), file);
  REQUIRE(report.skipped.size() == 1);
  CHECK(report.skipped[0].cases == 2);
  CHECK_THAT(report_table(report), Contains("\nskipped: copy: 2 cases: does not fit (and 1 other reason)\n"));
  CHECK_THAT(report_markdown(report), Contains("- skipped: copy: 2 cases"));
  CHECK(Json::parse(report_json(report))["skipped"][0]["reason"] == "does not fit");
  CHECK(report_profile(a_profile()).skipped.empty());
}

TEST_CASE("a report has the bus bandwidth of each collective at its largest size") {
  cost::Profile profile = a_profile();
  cost::CollectiveClass& all_reduce = profile.collectives[0];
  all_reduce.ranks = 4;
  all_reduce.model.regimes = {{Bytes(0), Seconds(0), SecondsPerByte(1e-9)}};
  all_reduce.residual.length = {1.0};
  all_reduce.residual.points = {std::log(1e3), std::log(1e4), std::log(1e6)};
  all_reduce.residual.weights = {0, 0, 0};
  all_reduce.residual.low = {std::log(1e3)};
  all_reduce.residual.high = {std::log(1e6)};
  const auto fact_of = [](const CalibrationReport& report) { return report.facts.back(); };
  // By the model t = volume beta, and busbw = volume / t whatever the ranks: 1 GB/s.
  CHECK_THAT(fact_of(report_profile(profile)),
             Contains("busbw at the largest size: all_reduce 1.00 GB/s") && Contains("4 ranks"));
  MeasurementFile file;
  for (const double bytes : {8e6, 1e6}) {
    Measurement row;
    row.subject = cost::CollectiveCase{cost::CollectiveKind::all_reduce, Bytes(bytes), 4};
    row.times.median_s = 1e-3;
    file.rows.push_back(row);
  }
  // 2 (n - 1) / n = 1.5 times 8 MB per ms.
  CHECK_THAT(fact_of(report_profile(profile, file)), Contains("all_reduce 12.0 GB/s"));
  CHECK_THAT(fact_of(report_profile(a_profile())), !Contains("busbw"));
}
