#include "calibrate/session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>

#include "calibrate/campaign.hpp"
#include "calibrate/composition_record.hpp"
#include "calibrate/compositions.hpp"
#include "calibrate/measurement_store.hpp"
#include "sim/base/error.hpp"
#include "sim/base/json_io.hpp"

namespace orrery::calibrate {
namespace {

namespace fs = std::filesystem;

/// A case on which this many processes ended is left out.
constexpr int kTries = 2;

/// A file of lines that are added one by one.
class Journal {
 public:
  explicit Journal(std::string path) : path_(std::move(path)) {}
  std::string text() const { return fs::exists(path_) ? read_text_file(path_) : std::string(); }
  /// Opens for appending; what stands behind the last whole line is dropped.
  void open() {
    const std::string whole = text();
    const std::size_t end = whole.rfind('\n');
    write_text_file(path_, end == std::string::npos ? "" : whole.substr(0, end + 1));
    out_.open(path_, std::ios::app | std::ios::binary);
  }
  void add(const std::string& line) {
    out_ << line << std::flush;
    if (!out_) throw BackendError("write(\"" + path_ + "\") failed");
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  std::ofstream out_;
};

/// Which case is being measured and how many processes have begun it, on disk, because the case may take the
/// process down.
class Marker {
 public:
  explicit Marker(std::string path) : path_(std::move(path)) {
    std::ifstream in(path_);
    in >> index_ >> tries_;
  }
  int tries(std::size_t index) const { return index == index_ ? tries_ : 0; }
  void begin(std::size_t index) {
    tries_ = tries(index) + 1;
    index_ = index;
    std::ofstream(path_) << index_ << ' ' << tries_ << '\n';
  }
  void clear() {
    std::error_code ignored;
    fs::remove(path_, ignored);
  }

 private:
  std::string path_;
  std::size_t index_ = static_cast<std::size_t>(-1);
  int tries_ = 0;
};

class Session {
 public:
  Session(Backend& backend, const SessionOptions& options, const Clock& clock, const SessionEvents& events)
      : backend_(backend), options_(options), clock_(clock), events_(events), start_(clock()) {
    fs::create_directories(options.folder);
  }

  double left_s() const { return options_.budget_s - (clock_() - start_); }
  std::string file(const char* name) const { return (fs::path(options_.folder) / name).string(); }
  void say(const std::string& line) const {
    if (events_.say) events_.say(line);
  }

  /// Results of an earlier process count only for the same machine and software; otherwise all starts anew.
  void identify() {
    Json root{{"date", options_.date},
              {"backend", backend_.name()},
              {"fingerprint", backend_.fingerprint()},
              {"fingerprint_id", row_labels(backend_).fingerprint_id},
              {"warnings", backend_.warnings()}};
    for (const std::string& warning : backend_.warnings()) say("warning: " + warning);
    const std::string path = file("fingerprint.json");
    if (fs::exists(path)) {
      const Json before = parse_json(read_text_file(path), path).root;
      if (before.value("fingerprint_id", "") != root["fingerprint_id"]) {
        throw ScenarioError(options_.folder,
                            "holds a session of another machine or software; choose another folder");
      }
    }
    write_text_file(path, root.dump(2) + "\n");
    say(fmt::format("{}: {}", row_labels(backend_).device, row_labels(backend_).algorithm));
  }

  std::map<std::string, std::string> check(const std::vector<std::string>& classes,
                                           const Reference& reference) {
    Journal journal(file("checks.jsonl"));
    const auto before = parse_checks(journal.text(), journal.path());
    journal.open();
    const auto records = check_classes(backend_, classes, reference, before,
                                       [&journal](const CheckRecord& r) { journal.add(record_line(r)); });
    say(checks_text(records));
    return excluded_classes(records);
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
    for (const Composition& composition : measured_compositions(options_.sweep.target)) {
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
    header.facts["sweep"] = fmt::format("{} seed={} visits={}", options_.sweep.full ? "full" : "quick",
                                        options_.sweep.seed.value, plan.size());
    // A table that an earlier process closed because its time was up goes on too.
    const std::string table = file("measurements.csv");
    if (fs::exists(table) && !fs::exists(table + ".part")) fs::rename(table, table + ".part");
    MeasurementStore store(table, header);
    Marker marker(file("current_case.txt"));
    std::size_t first = store.rows_kept();
    if (first > 0) say(fmt::format("going on behind {} of {} cases", first, plan.size()));
    if (first < plan.size() && marker.tries(first) >= kTries) store.append(given_up(plan[first++]));
    const double elapsed_s = store.last_start_s();
    CampaignOptions campaign;
    campaign.first = first;
    campaign.elapsed_s = elapsed_s;
    campaign.budget_s = elapsed_s + std::max(0.0, left_s());
    campaign.stop_at_budget = true;
    campaign.excluded = excluded;
    campaign.visit_most_s = 0.2;
    const std::size_t reached = run_campaign(backend_, plan, campaign, clock_,
                                             {[&store](const Measurement& row) { store.append(row); },
                                              [&](std::size_t done, std::size_t all, double left) {
                                                marker.begin(done);
                                                if (events_.progress) events_.progress(done, all, left);
                                              }});
    marker.clear();
    if (reached > 0) store.finish();
    return summary(plan.size(), reached);
  }

 private:
  static std::string wrong_step(const Composition& composition,
                                const std::map<std::string, std::string>& excluded) {
    for (const CompositionStep& step : composition.steps) {
      const auto found = excluded.find(cost::class_name(step.op));
      if (found != excluded.end()) return found->first + ": " + found->second;
    }
    return "";
  }

  Measurement given_up(const Visit& visit) const {
    const RowLabels labels = row_labels(backend_);
    Measurement row;
    row.subject = visit.subject;
    row.conditions = visit.conditions;
    row.is_anchor = visit.is_anchor;
    row.round = visit.round;
    row.skipped = "earlier tries ended in this case";
    row.backend = labels.backend;
    row.device = labels.device;
    row.algorithm = labels.algorithm;
    row.fingerprint_id = labels.fingerprint_id;
    return row;
  }

  SessionSummary summary(std::size_t planned, std::size_t reached) const {
    SessionSummary result;
    result.planned = planned;
    result.is_complete = reached == planned;
    if (reached == 0) return result;
    const auto rows = read_measurements(read_text_file(file("measurements.csv")), "measurements.csv").rows;
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

std::vector<std::string> classes_of(const SessionOptions& options) {
  return options.classes.empty() ? sweep_classes(options.sweep.target) : options.classes;
}

}  // namespace

std::vector<Visit> session_plan(const SessionOptions& options) {
  std::vector<Visit> plan;
  const std::vector<std::string> classes = classes_of(options);
  for (const Visit& visit : plan_sweep(options.sweep)) {
    const bool wanted = visit.is_anchor || options.classes.empty() ||
                        std::count(classes.begin(), classes.end(), class_name(visit.subject)) > 0;
    if (wanted) plan.push_back(visit);
  }
  return plan;
}

SessionSummary run_session(Backend& backend, const Reference& reference, const SessionOptions& options,
                           const Clock& clock, const SessionEvents& events) {
  SIM_ASSERT(backend.ranks() == 1, "a session measures on one rank");
  Session session(backend, options, clock, events);
  session.identify();
  // What is repeated through a sweep and composed is checked too, whatever the sweep is limited to.
  const std::map<std::string, std::string> excluded = session.check(classes_of(options), reference);
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
