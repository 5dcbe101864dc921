#include "calibrate/session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "calibrate/campaign.hpp"
#include "calibrate/composition_record.hpp"
#include "calibrate/measurement_store.hpp"
#include "calibrate/session_files.hpp"
#include "sim/base/error.hpp"
#include "sim/base/json_io.hpp"

namespace orrery::calibrate {
namespace {

namespace fs = std::filesystem;

/// A case on which this many processes ended is left out.
constexpr int kTries = 2;
/// Checks may take this part of the budget; what is not checked by then is not timed.
constexpr double kCheckShare = 0.4;
constexpr const char* kGivenUp = "earlier tries ended in this case";

/// Such a case is not met again in later rounds.
bool ended_a_process(const Measurement& row) {
  return row.skipped == kGivenUp || row.skipped.starts_with(kDeviceLost);
}

class Session {
 public:
  Session(Backend& backend, const SessionOptions& options, const Clock& clock, const SessionEvents& events)
      : backend_(backend), options_(options), clock_(clock), events_(events), start_(clock()) {
    make_folder(options.folder);
  }

  double left_s() const { return options_.budget_s - (clock_() - start_); }
  std::string file(const char* name) const { return (fs::path(options_.folder) / name).string(); }
  void say(const std::string& line) const {
    if (events_.say) events_.say(line);
  }

  /// Results of an earlier process go together only with those of the same machine, software and plan; what
  /// was measured once is never overwritten.
  void identify() {
    const RowLabels labels = row_labels(backend_);
    const std::vector<std::string> warnings = backend_.warnings();
    const Json root{{"date", options_.date},
                    {"backend", backend_.name()},
                    {"fingerprint", backend_.fingerprint()},
                    {"fingerprint_id", labels.fingerprint_id},
                    {"plan", session_plan_name(options_)},
                    {"warnings", warnings}};
    const std::string path = file("fingerprint.json");
    if (fs::exists(path)) refuse_other(parse_json(read_text_file(path), path).root, root);
    for (const std::string& warning : warnings) say("warning: " + warning);
    write_text_file(path, root.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
    say(fmt::format("{}: {}", labels.device, labels.algorithm));
  }

  std::map<std::string, std::string> check(const std::vector<std::string>& classes,
                                           const Reference& reference) {
    Journal journal(file("checks.jsonl"));
    const auto before = parse_checks(journal.text(), journal.path());
    journal.open();
    const double limit_s = (1.0 - kCheckShare) * options_.budget_s;
    const auto records = check_classes(
        backend_, classes, reference, before,
        [&journal](const CheckRecord& r) { journal.add(record_line(r)); },
        [&] { return left_s() < limit_s; });
    say(checks_text(records));
    std::map<std::string, std::string> excluded = excluded_classes(records);
    std::set<std::string> known;
    for (const CheckRecord& record : records) known.insert(record.class_name);
    for (const std::string& name : classes) {
      if (known.count(name) == 0) excluded.emplace(name, "was not checked: no time was left");
    }
    return excluded;
  }

  void compose(const std::map<std::string, std::string>& excluded) {
    Journal journal(file("compositions.jsonl"));
    std::set<std::string> done;
    for (const CompositionRecord& r : parse_records(journal.text(), journal.path())) done.insert(r.name);
    journal.open();
    StoppingRule rule;
    rule.max_time_s = std::clamp(0.004 * options_.budget_s, 0.02, 0.5);
    Marker marker(file("current_composition.txt"));
    std::size_t index = 0;
    for (const Composition& composition : session_compositions(options_)) {
      ++index;
      if (done.count(composition.name) > 0 || left_s() <= 0.0) continue;
      CompositionRecord record;
      record.name = composition.name;
      record.as_graph = composition.as_graph;
      record.skipped =
          marker.tries(index) >= kTries ? "earlier tries ended in it" : wrong_step(composition, excluded);
      if (record.skipped.empty()) {
        marker.begin(index);
        record = measure_composition(backend_, composition, rule, clock_);
      }
      journal.add(record_line(record));
      if (!record.skipped.empty()) say("skipped " + record.name + ": " + record.skipped);
      if (backend_.is_lost())
        throw BackendError("the device is lost in " + record.name + ": " + record.skipped);
    }
    marker.clear();
  }

  SessionSummary sweep(const std::vector<Visit>& plan, const std::map<std::string, std::string>& excluded) {
    MeasurementFile header{options_.date, backend_.fingerprint(), {}, {}};
    header.facts["sweep"] = session_plan_name(options_);
    // A table that an earlier process closed because its time was up goes on too.
    const std::string table = file("measurements.csv");
    if (fs::exists(table) && !fs::exists(table + ".part")) move_file(table, table + ".part");
    MeasurementStore store(table, header);
    Marker marker(file("current_case.txt"));
    const std::size_t first = store.rows_kept();
    if (first > 0) say(fmt::format("going on behind {} of {} cases", first, plan.size()));
    CampaignOptions campaign;
    campaign.elapsed_s = store.last_start_s();
    campaign.budget_s = campaign.elapsed_s + std::max(0.0, left_s());
    campaign.stop_at_budget = true;
    campaign.excluded = excluded;
    for (const Measurement& row : store.earlier_rows()) {
      if (ended_a_process(row)) campaign.excluded.emplace(case_text(row.subject), row.skipped);
    }
    if (first < plan.size() && marker.tries(first) >= kTries) {
      campaign.excluded.emplace(case_text(plan[first].subject), kGivenUp);
    }
    campaign.first = first;
    campaign.visit_most_s = 0.2;
    try {
      run_campaign(backend_, plan, campaign, clock_,
                   {[&store](const Measurement& row) { store.append(row); },
                    [&](std::size_t done, std::size_t all, double left) {
                      marker.begin(done);
                      if (events_.progress) events_.progress(done, all, left);
                    }});
    } catch (const BackendError&) {
      if (backend_.is_lost()) {  // nobody may come back: what there is must be a whole table
        store.finish();
        summary(plan.size());
      }
      throw;
    }
    marker.clear();
    store.finish();
    return summary(plan.size());
  }

 private:
  void refuse_other(const Json& before, const Json& now) const {
    const auto is_same = [&](const char* key) {
      return before.is_object() && before.contains(key) && before[key] == now[key];
    };
    if (!is_same("fingerprint_id")) {
      throw ScenarioError(options_.folder,
                          "holds a session of another machine or software; choose another folder");
    }
    if (is_same("plan")) return;
    const std::string plan = before.contains("plan") ? before["plan"].dump() : "unknown";
    throw ScenarioError(options_.folder, "holds a session of another plan, " + plan + " instead of " +
                                             now["plan"].dump() +
                                             "; repeat its options or choose another folder");
  }

  static std::string wrong_step(const Composition& composition,
                                const std::map<std::string, std::string>& excluded) {
    for (const CompositionStep& step : composition.steps) {
      const auto found = excluded.find(cost::class_name(step.op));
      if (found != excluded.end()) return found->first + ": " + found->second;
    }
    return "";
  }

  SessionSummary summary(std::size_t planned) const {
    SessionSummary result;
    const auto rows = read_measurements(read_text_file(file("measurements.csv")), "measurements.csv").rows;
    result.planned = planned;
    result.is_complete = rows.size() == planned;
    double fastest = 1e300, slowest = 0.0;
    for (const Measurement& row : rows) {
      ++(row.is_measured() ? result.measured : result.skipped);
      if (!row.is_measured() || !row.is_anchor || anchor_aspect(class_name(row.subject)) != "compute")
        continue;
      fastest = std::min(fastest, row.times.median_s);
      slowest = std::max(slowest, row.times.median_s);
    }
    if (slowest > 0.0) result.anchor_swing = slowest / fastest - 1.0;
    const Json root{{"planned", result.planned},
                    {"measured", result.measured},
                    {"skipped", result.skipped},
                    {"is_complete", result.is_complete},
                    {"anchor_swing", result.anchor_swing}};
    write_text_file(file("session.json"), root.dump(2) + "\n");
    return result;
  }

  Backend& backend_;
  const SessionOptions& options_;
  const Clock& clock_;
  const SessionEvents& events_;
  double start_;
};

}  // namespace

SessionSummary run_session(Backend& backend, const Reference& reference, const SessionOptions& options,
                           const Clock& clock, const SessionEvents& events) {
  SIM_ASSERT(backend.ranks() == 1, "a session measures on one rank");
  Session session(backend, options, clock, events);
  session.identify();
  std::map<std::string, std::string> excluded;
  if (options.check_first) excluded = session.check(session_classes(options), reference);
  session.compose(excluded);
  const SessionSummary summary = session.sweep(session_plan(options), excluded);
  session.say(fmt::format("{} of {} cases measured, {} skipped{}", summary.measured, summary.planned,
                          summary.skipped, summary.is_complete ? "" : "; the time was up before the rest"));
  if (summary.anchor_swing > 0.1) {
    session.say(
        fmt::format("warning: the same product took up to {:.0f} % longer than in its fastest moment: "
                    "clock, power limit or others on the device",
                    100.0 * summary.anchor_swing));
  }
  return summary;
}

}  // namespace orrery::calibrate
