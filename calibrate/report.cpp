#include "calibrate/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <tuple>

#include "calibrate/bandwidth.hpp"
#include "calibrate/points.hpp"
#include "sim/base/error_summary.hpp"
#include "sim/base/stats.hpp"
#include "sim/base/unit_text.hpp"

namespace orrery::calibrate {
namespace {

/// One point's log error and the regime in which it was measured.
struct Scored {
  double error = 0.0;
  bool is_busy = false;
  bool is_in_cache = false;
};

std::optional<double> median_of(const std::vector<Scored>& scored, bool (*wanted)(const Scored&)) {
  std::vector<double> distances;
  for (const Scored& s : scored) {
    if (wanted(s)) distances.push_back(std::abs(s.error));
  }
  if (distances.empty()) return std::nullopt;
  return median(distances);
}

ErrorRow summarise_row(const std::string& name, const std::vector<Scored>& scored, bool has_regimes) {
  ErrorRow row;
  row.name = name;
  row.points = static_cast<int>(scored.size());
  std::vector<double> errors;
  for (const Scored& s : scored) errors.push_back(s.error);
  const ErrorSummary summary = summarise_errors(errors);
  row.median = summary.median;
  row.p90 = summary.p90;
  row.bias = summary.bias;
  if (errors.empty() || !has_regimes) return row;
  row.alone = median_of(scored, [](const Scored& s) { return !s.is_busy; });
  row.busy = median_of(scored, [](const Scored& s) { return s.is_busy; });
  row.in_cache = median_of(scored, [](const Scored& s) { return s.is_in_cache; });
  row.out_of_cache = median_of(scored, [](const Scored& s) { return !s.is_in_cache; });
  return row;
}

/// The features of the stored points tell the regime: working set and busy ranks are among them.
std::vector<Scored> scored_of(const cost::OperatorClass& c, const cost::MemoryLevels& memory) {
  const std::vector<std::string> names = cost::feature_names(cost::parse_op(c.name, ""));
  const auto index_of = [&names](const char* name) {
    return static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
  };
  const std::size_t working_set = index_of("working_set"), busy = index_of("ranks_busy");
  std::vector<Scored> scored;
  for (std::size_t i = 0; i < c.residual.count(); ++i) {
    const double* point = c.residual.points.data() + i * names.size();
    scored.push_back({c.residual.held_out[i], point[busy] > 0.1,
                      std::exp(point[working_set]) < memory.l2_capacity.value()});
  }
  return scored;
}

std::vector<Scored> scored_of(const cost::CollectiveClass& c) {
  std::vector<Scored> scored;
  for (const double error : c.residual.held_out) scored.push_back({error, true, false});
  return scored;
}

std::string percent(double fraction) {
  return fmt::format("{:.1f}", 100.0 * fraction);
}
std::string percent(const std::optional<double>& fraction) {
  return fraction ? percent(*fraction) : "-";
}

/// What several ranks do to each other is known only where several were busy.
std::vector<std::string> facts_of(const cost::Profile& profile, bool has_busy) {
  const cost::MemoryLevels& m = profile.memory;
  std::vector<std::string> facts{
      fmt::format("bandwidth: L1 {}, L2 {}, L3 {}, memory {}; half of the bytes miss beyond {}, {}, {}",
                  human(m.l1_bandwidth), human(m.l2_bandwidth), human(m.l3_bandwidth),
                  human(m.memory_bandwidth), human(m.l1_capacity), human(m.l2_capacity),
                  human(m.l3_capacity)),
  };
  if (has_busy) {
    facts.push_back(fmt::format(
        "each further busy rank: L3 {} % slower, memory {} % slower; neighbours read {} through L3",
        percent(m.l3_contention), percent(m.memory_contention), human(m.neighbour_traffic)));
  }
  std::string anchors = fmt::format("drift {} %", percent(profile.drift));
  for (const cost::Anchor& a : profile.anchors) {
    anchors += fmt::format("; {} ({}) +-{} %", a.aspect, a.class_name, percent(a.spread));
  }
  facts.push_back(anchors);
  return facts;
}

std::string headline_of(const CalibrationReport& report) {
  const ErrorRow& all = report.all_operators;
  std::string text = fmt::format("headline: {}: operators median {} %, p90 {} % over {} points",
                                 report.origin, percent(all.median), percent(all.p90), all.points);
  for (const ErrorRow& row : report.collectives) {
    if (row.name == "all_reduce") text += fmt::format("; all_reduce median {} %", percent(row.median));
  }
  return text;
}

/// The largest size of each kind of collective over two ranks or more, and its time.
using LargestCollectives = std::map<std::string, std::pair<cost::CollectiveCase, Seconds>>;

LargestCollectives largest_of(const cost::Profile& profile) {
  LargestCollectives largest;
  const auto model = cost::make_cost_model(profile);
  for (const cost::CollectiveClass& c : profile.collectives) {
    if (c.ranks < 2 || c.residual.high.empty()) continue;
    const Bytes size(std::round(std::exp(c.residual.high.front())));
    const cost::CollectiveCase collective{cost::collective_kind(c.name), size, c.ranks};
    largest.emplace(c.name, std::pair{collective, model->estimate(collective).time});
  }
  return largest;
}

LargestCollectives largest_of(const std::vector<Point>& points) {
  LargestCollectives largest;
  for (const Point& point : points) {
    const auto* collective = std::get_if<cost::CollectiveCase>(&point.subject);
    if (collective == nullptr || collective->ranks < 2) continue;
    const auto [found, is_new] =
        largest.emplace(point.class_name, std::pair{*collective, Seconds(point.seconds)});
    if (!is_new && found->second.first.bytes < collective->bytes)
      found->second = {*collective, Seconds(point.seconds)};
  }
  return largest;
}

/// One line, empty when nothing moves data between ranks.
std::string bandwidth_fact(const LargestCollectives& largest) {
  std::string text, size;  // the size is said once for all that share it
  for (const auto& [name, measured] : largest) {
    const auto& [collective, time] = measured;
    if (!(cost::busbw_factor(collective.kind, collective.ranks) > 0.0) || collective.bytes <= Bytes(1.0))
      continue;
    const std::string own = fmt::format(" ({}, {} ranks)", human(collective.bytes), collective.ranks);
    if (own != size) text += size;
    text += fmt::format("{}{} {}", text.empty() ? "busbw at the largest size: " : ", ", name,
                        human(bandwidth(collective, time).busbw));
    size = own;
  }
  return text + size;
}

CalibrationReport assemble(const cost::Profile& profile, const std::string& origin,
                           const std::map<std::string, std::vector<Scored>>& operators,
                           const std::map<std::string, std::vector<Scored>>& collectives,
                           const LargestCollectives& largest) {
  CalibrationReport report;
  report.title = fmt::format("{} | {} | measured {} | fingerprint {}", profile.device, profile.algorithm,
                             profile.date, profile.fingerprint_id);
  report.origin = origin;
  const auto is_busy = [](const Scored& s) { return s.is_busy; };
  const bool has_busy = std::any_of(operators.begin(), operators.end(), [&](const auto& entry) {
    return std::any_of(entry.second.begin(), entry.second.end(), is_busy);
  });
  report.facts = facts_of(profile, has_busy);
  if (const std::string fact = bandwidth_fact(largest); !fact.empty()) report.facts.push_back(fact);
  std::vector<Scored> all;
  for (const auto& [name, scored] : operators) {
    report.operators.push_back(summarise_row(name, scored, true));
    all.insert(all.end(), scored.begin(), scored.end());
  }
  for (const auto& [name, scored] : collectives) {
    report.collectives.push_back(summarise_row(name, scored, false));
  }
  for (ErrorRow& row : report.operators) {
    for (const cost::OperatorClass& c : profile.operators) {
      if (c.name == row.name) row.formula_median = c.errors.white_box_median;
    }
  }
  for (ErrorRow& row : report.collectives) {
    for (const cost::CollectiveClass& c : profile.collectives) {
      if (c.name == row.name) row.formula_median = c.errors.white_box_median;
    }
  }
  report.all_operators = summarise_row("all operators", all, true);
  report.headline = headline_of(report);
  return report;
}

}  // namespace

CalibrationReport report_profile(const cost::Profile& profile) {
  std::map<std::string, std::vector<Scored>> operators, collectives;
  for (const cost::OperatorClass& c : profile.operators) operators[c.name] = scored_of(c, profile.memory);
  for (const cost::CollectiveClass& c : profile.collectives) collectives[c.name] = scored_of(c);
  return assemble(profile, "each point predicted from the others", operators, collectives,
                  largest_of(profile));
}

CalibrationReport report_profile(const cost::Profile& profile, const MeasurementFile& measurements) {
  const auto model = cost::make_cost_model(profile);
  std::map<std::string, std::vector<Scored>> operators, collectives;
  const std::vector<Point> points = pool_points(measured_rows(measurements.rows));
  for (const Point& point : points) {
    if (const auto* op = std::get_if<cost::Op>(&point.subject)) {
      const double predicted = model->estimate(*op, point.conditions).time.value();
      const double set = cost::working_set(cost::footprint(*op), point.conditions);
      operators[point.class_name].push_back({std::log(point.seconds / predicted),
                                             point.conditions.ranks_busy > 1,
                                             set < profile.memory.l2_capacity.value()});
    } else {
      const auto& collective = std::get<cost::CollectiveCase>(point.subject);
      const double predicted = model->estimate(collective).time.value();
      collectives[point.class_name].push_back({std::log(point.seconds / predicted), true, false});
    }
  }
  CalibrationReport report =
      assemble(profile, "profile against these measurements", operators, collectives, largest_of(points));
  report.skipped = skipped_classes(measurements.rows);
  return report;
}

std::vector<SkippedClass> skipped_classes(const std::vector<Measurement>& rows) {
  struct Cases {
    std::set<std::tuple<std::string, int, double>> distinct;
    std::map<std::string, int> reasons;
  };
  std::map<std::string, Cases> classes;
  for (const Measurement& row : rows) {
    if (row.is_measured()) continue;
    Cases& cases = classes[class_name(row.subject)];
    cases.distinct.emplace(shape_text(row.subject), row.conditions.ranks_busy,
                           row.conditions.reuse_distance.value());
    ++cases.reasons[row.skipped];
  }
  std::vector<SkippedClass> skipped;
  for (const auto& [name, cases] : classes) {
    const auto most = std::max_element(cases.reasons.begin(), cases.reasons.end(),
                                       [](const auto& a, const auto& b) { return a.second < b.second; });
    skipped.push_back({name, static_cast<int>(cases.distinct.size()), most->first,
                       static_cast<int>(cases.reasons.size()) - 1});
  }
  return skipped;
}

namespace {

std::string skipped_text(const SkippedClass& s) {
  std::string text =
      fmt::format("skipped: {}: {} case{}: {}", s.name, s.cases, s.cases == 1 ? "" : "s", s.reason);
  if (s.other_reasons > 0)
    text += fmt::format(" (and {} other reason{})", s.other_reasons, s.other_reasons == 1 ? "" : "s");
  return text;
}

struct Cells {
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;
};

Cells cells_of(const CalibrationReport& report) {
  Cells cells;
  for (const ReportColumn& column : report_columns()) cells.columns.push_back(column.title);
  const auto add = [&cells](const ErrorRow& r) {
    cells.rows.push_back({r.name, std::to_string(r.points), percent(r.median), percent(r.p90),
                          fmt::format("{:+.1f}", 100.0 * r.bias),
                          r.formula_median > 0.0 ? percent(r.formula_median) : "-", percent(r.alone),
                          percent(r.busy), percent(r.in_cache), percent(r.out_of_cache)});
  };
  for (const ErrorRow& row : report.operators) add(row);
  add(report.all_operators);
  for (const ErrorRow& row : report.collectives) add(row);
  return cells;
}

}  // namespace

std::vector<ReportColumn> report_columns() {
  return {{"class", "class", "operator class or kind of collective"},
          {"points", "points", "measured points: cases, the visits of all rounds pooled"},
          {"median", "median %", "median of |log(measured / predicted)| over the points: the typical error"},
          {"p90", "p90 %", "90th percentile of the same: one point in ten is off by more"},
          {"bias", "bias %", "median of log(measured / predicted); above 0: the machine is slower than predicted"},
          {"formula_median", "formula %", "median error of the white-box formula alone, without the interpolated rest"},
          {"alone_median", "alone %", "median error of the points with one rank computing"},
          {"busy_median", "busy %", "median error of the points with several ranks computing"},
          {"in_l2_median", "in L2 %", "median error of the points whose working set fits into L2"},
          {"beyond_l2_median", "beyond %", "median error of the points whose working set is beyond L2"}};
}

std::string report_table(const CalibrationReport& report) {
  const Cells cells = cells_of(report);
  std::string text = report.title + "\n";
  std::size_t width = 20;
  for (const auto& row : cells.rows) width = std::max(width, row[0].size() + 1);
  const auto line = [&text, width](const std::vector<std::string>& row) {
    text += fmt::format("{:<{}}{:>7}", row[0], width, row[1]);
    for (std::size_t i = 2; i < row.size(); ++i) text += fmt::format("{:>10}", row[i]);
    text += "\n";
  };
  line(cells.columns);
  for (const auto& row : cells.rows) line(row);
  for (const SkippedClass& skipped : report.skipped) text += skipped_text(skipped) + "\n";
  for (const std::string& fact : report.facts) text += fact + "\n";
  return text + report.headline + "\n";
}

std::string report_markdown(const CalibrationReport& report) {
  const Cells cells = cells_of(report);
  std::string text = report.title + "\n\n";
  const auto line = [&text](const std::vector<std::string>& row) {
    text += "|";
    for (const std::string& cell : row) text += " " + cell + " |";
    text += "\n";
  };
  line(cells.columns);
  line(std::vector<std::string>(cells.columns.size(), "---"));
  for (const auto& row : cells.rows) line(row);
  text += "\n";
  for (const SkippedClass& skipped : report.skipped) text += "- " + skipped_text(skipped) + "\n";
  for (const std::string& fact : report.facts) text += "- " + fact + "\n";
  return text + "\n" + report.headline + "\n";
}

std::string report_csv(const CalibrationReport& report) {
  std::string text;
  for (const ReportColumn& column : report_columns()) text += (text.empty() ? "" : ",") + column.name;
  text += "\n";
  const auto optional = [](const std::optional<double>& x) {
    return x ? fmt::format("{}", *x) : std::string();
  };
  const auto add = [&](const ErrorRow& r) {
    text += fmt::format("{},{},{},{},{},{},{},{},{},{}\n", r.name, r.points, r.median, r.p90, r.bias,
                        r.formula_median, optional(r.alone), optional(r.busy), optional(r.in_cache),
                        optional(r.out_of_cache));
  };
  for (const ErrorRow& row : report.operators) add(row);
  add(report.all_operators);
  for (const ErrorRow& row : report.collectives) add(row);
  return text;
}

}  // namespace orrery::calibrate
