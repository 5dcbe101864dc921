#include "scenarios/sgd_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sim/base/json_io.hpp"
#include "sim/base/unit_text.hpp"

namespace orrery::scenario {
namespace {

std::string optional_time(const std::optional<double>& seconds) {
  return seconds ? human(Seconds(*seconds)) : "-";
}

std::string optional_number(const std::optional<double>& value) {
  return value ? fmt::format("{:.2f}", *value) : "-";
}

/// The curve's point nearest to the moment; nothing when the run ended before.
const SgdCurvePoint* point_at(const SgdVariantReport& v, double moment) {
  const SgdCurvePoint* nearest = nullptr;
  for (const SgdCurvePoint& point : v.curve) {
    if (nearest == nullptr || std::fabs(point.time_s - moment) < std::fabs(nearest->time_s - moment)) nearest = &point;
  }
  const double step = v.curve.size() > 1 ? v.curve[1].time_s - v.curve[0].time_s : 0.0;
  return nearest != nullptr && std::fabs(nearest->time_s - moment) <= step ? nearest : nullptr;
}

/// In seconds: the unit stands in the head.
std::string target_text(const SgdTargetReport& target, std::int64_t seeds) {
  if (!target.median_s) return fmt::format("{} of {}", target.reached, seeds);
  const auto bound = [](const std::optional<double>& s) { return s ? fmt::format("{:.4g}", *s) : std::string("never"); };
  return fmt::format("{:.4g} ({}..{})", *target.median_s, bound(target.low_s), bound(target.high_s));
}

std::string variants_table(const SgdReport& report, const TextStyle& style) {
  TextRow names = {"variant", "E[T]", "E[T]", "staleness", "stale", "updates"};
  TextRow units = {"", "theory", "simulated", "theory", "simulated", ""};
  for (const double moment : report.loss_at_s) {
    names.push_back("loss at");
    units.push_back(human(Seconds(moment)));
  }
  std::vector<TextRow> rows = style.header(std::move(names), units);
  for (const SgdVariantReport& v : report.variants) {
    TextRow row = {v.label, optional_time(v.iteration_expected_s), human(Seconds(v.iteration_s)),
                   optional_number(v.staleness_expected), fmt::format("{:.2f}", v.staleness),
                   grouped(std::llround(v.updates))};
    for (const double moment : report.loss_at_s) {
      const SgdCurvePoint* point = point_at(v, moment);
      row.push_back(point != nullptr ? fmt::format("{:.4g}", point->loss) : "-");
    }
    rows.push_back(std::move(row));
  }
  return style.table(rows);
}

std::string shares_table(const SgdReport& report, const TextStyle& style) {
  const auto percent = [](double share) { return std::isfinite(share) ? fmt::format("{:.1f} %", 100.0 * share) : "-"; };
  const bool scored = !report.variants.empty() && !report.variants.front().curve.empty() &&
                      report.variants.front().curve.back().accuracy.has_value();
  TextRow head = {"learners' time", "used", "wasted", "waiting", "messages", "t1/tN", "epochs"};
  if (scored) head.push_back("accuracy");
  if (!report.variants.empty()) {
    for (const SgdTargetReport& target : report.variants.front().targets) head.push_back("s to " + target.target);
  }
  std::vector<TextRow> rows = {head};
  for (const SgdVariantReport& v : report.variants) {
    TextRow row = {v.label, percent(v.computed_share), percent(v.wasted_share), percent(v.waited_share),
                   percent(v.communicated_share), percent(v.scaling_efficiency), fmt::format("{:.2f}", v.epochs)};
    if (scored) {
      const auto accuracy = v.curve.empty() ? std::nullopt : v.curve.back().accuracy;
      row.push_back(accuracy ? fmt::format("{:.4f}", *accuracy) : "-");
    }
    for (const SgdTargetReport& target : v.targets) row.push_back(target_text(target, report.seeds));
    rows.push_back(std::move(row));
  }
  return style.table(rows);
}

}  // namespace

std::string report_text(const SgdReport& report, const TextStyle& style) {
  std::string text = style.markdown ? "# " + report.scenario + "\n\n" : report.scenario + "\n";
  if (!report.question.empty()) text += style.line(report.question);
  text += style.line(fmt::format("{} learners, batch {} each, {} ({} parameters) on {}", report.learners, report.batch,
                                 report.problem, grouped(report.parameters), report.data));
  text += style.line(fmt::format("compute time {}, mean {}; {}; {} seeds{}", report.compute_time,
                                 std::isfinite(report.compute_mean_s) ? human(Seconds(report.compute_mean_s)) : "infinite", report.aggregation, report.seeds,
                                 report.noise_scale ? fmt::format("; noise scale g = {:.4g}", *report.noise_scale) : ""));
  text += "\n" + variants_table(report, style) + "\n" + shares_table(report, style);
  for (const std::string& warning : report.warnings) text += style.line("warning: " + warning);
  if (!report.look_at.empty()) text += style.line("look at: " + report.look_at);
  text += style.line(fmt::format("{}; scenario {}, seed {}, orrery {}", report.source, report.scenario_hash, report.seed,
                                 report.orrery_version));
  return text + "\n" + report.verdict + "\n";
}

std::string report_csv(const SgdReport& report) {
  std::string text = "variant,label,time_s,updates,epochs,loss,loss_low,loss_high,accuracy,accuracy_low,accuracy_high\n";
  const auto number = [](const std::optional<double>& value) { return value ? fmt::format("{}", *value) : ""; };
  for (const SgdVariantReport& v : report.variants) {
    for (const SgdCurvePoint& p : v.curve) {
      text += fmt::format("{},{},{},{},{},{},{},{},{},{},{}\n", v.variant, csv_field(Json(v.label).dump()), p.time_s, p.updates,
                          p.epochs, p.loss, p.loss_low, p.loss_high, number(p.accuracy), number(p.accuracy_low),
                          number(p.accuracy_high));
    }
  }
  return text;
}

}  // namespace orrery::scenario
