// Sessions from beginning to end: which files they write, what they leave out and why, and that a session
// that was interrupted goes on where it stopped, whatever interrupted it.
#include "calibrate/session.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "calibrate/backends/cpu/plain/plain_backend.hpp"
#include "calibrate/campaign.hpp"
#include "calibrate/composition_record.hpp"
#include "sim/base/json_io.hpp"
#include "tests/plain/session_machine.hpp"

using namespace orrery;
using namespace orrery::calibrate;
using session_test::few_classes;
using session_test::Folder;
using session_test::Machine;
namespace fs = std::filesystem;

namespace {

/// Every visit of the plan once and in order: none left out, none twice.
void check_rows(const std::vector<Measurement>& rows, const std::vector<Visit>& plan) {
  REQUIRE(rows.size() <= plan.size());
  double start_s = 0.0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    INFO("row " << i);
    REQUIRE(case_text(rows[i].subject) == case_text(plan[i].subject));
    REQUIRE(rows[i].round == plan[i].round);
    REQUIRE(rows[i].is_anchor == plan[i].is_anchor);
    REQUIRE(rows[i].start_s >= start_s);
    start_s = rows[i].start_s;
  }
}

Json json_of(const Folder& folder, const std::string& name) {
  return parse_json(folder.text(name), name).root;
}

/// Runs the session in a process of its own, as the device's program would; its exit code.
int run_in_child(const SessionOptions& options, const std::function<void(Machine&)>& prepare) {
  const pid_t child = fork();
  if (child == 0) {
    Machine machine;
    prepare(machine);
    try {
      session_test::run(machine, options);
    } catch (const std::exception&) {
      _exit(2);
    }
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/// The first case of a class in the plan.
const Visit& first_of(const std::vector<Visit>& plan, const std::string& name) {
  return *std::find_if(plan.begin(), plan.end(),
                       [&](const Visit& v) { return !v.is_anchor && class_name(v.subject) == name; });
}

}  // namespace

TEST_CASE("a session writes all its files and says what it did") {
  const Folder folder("whole");
  Machine machine;
  std::string said;
  const SessionOptions options = few_classes(folder.path());
  const auto summary =
      session_test::run(machine, options, {[&said](const std::string& line) { said += line + "\n"; }, {}});
  const auto plan = session_plan(options);
  CHECK(summary.is_complete);
  CHECK(summary.planned == plan.size());
  CHECK(summary.measured == plan.size());
  CHECK(summary.skipped == 0);
  check_rows(folder.rows(), plan);
  CHECK(json_of(folder, "fingerprint.json")["warnings"][0] == "somebody else computes here");
  CHECK(json_of(folder, "fingerprint.json")["fingerprint"]["device"] == machine.device);
  CHECK(json_of(folder, "session.json")["measured"] == plan.size());
  CHECK(excluded_classes(parse_checks(folder.text("checks.jsonl"), "checks.jsonl")).empty());
  const auto compositions = parse_records(folder.text("compositions.jsonl"), "compositions.jsonl");
  REQUIRE(compositions.size() == 1);  // the only one that is made of the wanted classes
  CHECK(compositions[0].median_s == Approx(machine.call_s));
  CHECK_THAT(said, Catch::Contains("warning: somebody else") && Catch::Contains("5 right") &&
                       Catch::Contains(std::to_string(plan.size()) + " cases measured, 0 skipped"));
  for (const char* left : {"measurements.csv.part", "current_case.txt", "current_composition.txt"}) {
    CHECK_FALSE(folder.has(left));
  }
}

TEST_CASE("what a session times was checked: the sweep's classes, its anchors and the compositions") {
  for (const SweepTarget target : {SweepTarget::cpu, SweepTarget::gpu}) {
    SessionOptions options;
    options.sweep.target = target;
    options.sweep.ranks = 1;
    const auto checked = session_classes(options);
    const auto is_checked = [&](const std::string& name) {
      return std::count(checked.begin(), checked.end(), name) == 1;
    };
    for (const Visit& visit : session_plan(options)) REQUIRE(is_checked(class_name(visit.subject)));
    std::set<std::string> names;
    for (const Composition& composition : session_compositions(options)) {
      CHECK(names.insert(composition.name).second);
      for (const CompositionStep& step : composition.steps) {
        INFO(composition.name << " " << cost::class_name(step.op));
        REQUIRE(is_checked(cost::class_name(step.op)));
      }
    }
    CHECK(names.size() > 3);
  }
  SessionOptions few = few_classes("");
  CHECK(session_classes(few) == std::vector<std::string>{"adam", "add", "copy", "gemm_nn", "scale"});
}

TEST_CASE("a wrong class is left out of sweep and compositions with its reason, and never timed") {
  const Folder folder("wrong");
  Machine machine;
  machine.wrong = {"adam"};
  machine.missing = {"scale"};
  const auto summary = session_test::run(machine, few_classes(folder.path()));
  CHECK(std::count(machine.prepared.begin(), machine.prepared.end(), "adam") == 0);
  CHECK(std::count(machine.prepared.begin(), machine.prepared.end(), "scale") == 0);
  std::size_t skipped = 0;
  for (const Measurement& row : folder.rows()) {
    const std::string name = class_name(row.subject);
    if (name == "adam") REQUIRE_THAT(row.skipped, Catch::StartsWith("failed its check: adam "));
    if (name == "scale") REQUIRE(row.skipped == "the test backend has no kernel for it");
    skipped += row.is_measured() ? 0 : 1;
  }
  CHECK(skipped > 0);
  CHECK(summary.skipped == skipped);
  CHECK(summary.is_complete);
  const auto compositions = parse_records(folder.text("compositions.jsonl"), "c");
  REQUIRE(compositions.size() == 1);
  CHECK_THAT(compositions[0].skipped, Catch::StartsWith("adam: failed its check"));
}

TEST_CASE("a session on the CPU's own kernels is a table that can be read") {
  const Folder folder("plain");
  cpu::PlainBackend backend;
  SessionOptions options = few_classes(folder.path());
  options.budget_s = 2.0;
  const auto summary = run_session(backend, [](const cost::Op& op, OperandValues& v) { cpu::compute(op, v); },
                                   options, steady_clock(), {});
  CHECK(summary.measured > 0);
  check_rows(folder.rows(), session_plan(options));
}

TEST_CASE("a session that an exception stopped goes on behind its last row") {
  const Folder folder("stopped");
  const SessionOptions options = few_classes(folder.path());
  const auto plan = session_plan(options);
  Machine machine;
  const SessionEvents stops{{}, [](std::size_t done, std::size_t, double) {
                              if (done == 20) throw std::runtime_error("stop");
                            }};
  CHECK_THROWS_WITH(session_test::run(machine, options, stops), "stop");
  CHECK(folder.rows("measurements.csv.part").size() == 20);
  Machine next;
  const auto summary = session_test::run(next, options);
  CHECK(next.computed == 0);  // checks are not repeated
  CHECK(next.prepared.size() == plan.size() - 20);
  CHECK(summary.is_complete);
  CHECK(folder.rows().size() == plan.size());
  check_rows(folder.rows(), plan);
}

TEST_CASE("a table that was closed because the time was up goes on") {
  const Folder folder("budget");
  SessionOptions options = few_classes(folder.path());
  options.budget_s = 0.2;
  const auto plan = session_plan(options);
  std::size_t before = 0;
  for (int process = 0; process < 200; ++process) {
    Machine machine;
    const auto summary = session_test::run(machine, options);
    const std::size_t now = folder.rows().size();
    REQUIRE(now > before);
    before = now;
    CHECK(json_of(folder, "session.json")["is_complete"] == summary.is_complete);
    if (process == 0) CHECK_FALSE(summary.is_complete);
    if (summary.is_complete) break;
  }
  CHECK(before == plan.size());
  check_rows(folder.rows(), plan);
}

TEST_CASE("a session without time for a single case still leaves files that can be read and go on") {
  const Folder folder("no_time");
  SessionOptions options = few_classes(folder.path());
  options.budget_s = 0.0;
  Machine machine;
  CHECK(session_test::run(machine, options).measured == 0);
  CHECK(folder.rows().empty());
  CHECK(json_of(folder, "session.json")["is_complete"] == false);
  options.budget_s = 1000.0;
  CHECK(session_test::run(machine, options).is_complete);
}

TEST_CASE("a case in which two processes ended is given up in all rounds, the rest is measured") {
  const Folder folder("deadly");
  const SessionOptions options = few_classes(folder.path());
  const auto plan = session_plan(options);
  const std::string deadly = case_text(first_of(plan, "scale").subject);
  const auto dies = [&](Machine& machine) {
    machine.at_prepare = [&](const cost::Op& op) {
      if (case_text(op) == deadly) _exit(9);
    };
  };
  CHECK(run_in_child(options, dies) == 9);
  CHECK(run_in_child(options, dies) == 9);
  CHECK(run_in_child(options, dies) == 0);
  const auto rows = folder.rows();
  CHECK(rows.size() == plan.size());
  check_rows(rows, plan);
  for (const Measurement& row : rows) {
    REQUIRE(row.skipped == (case_text(row.subject) == deadly ? "earlier tries ended in this case" : ""));
    REQUIRE(row.backend == "test");
  }
}

TEST_CASE("a case in which one process ended is tried again") {
  const Folder folder("once");
  const SessionOptions options = few_classes(folder.path());
  const auto dies = [](Machine& machine) {
    machine.at_prepare = [&machine](const cost::Op&) {
      if (machine.prepared.size() == 30) _exit(9);
    };
  };
  CHECK(run_in_child(options, dies) == 9);
  Machine machine;
  CHECK(session_test::run(machine, options).skipped == 0);
}

TEST_CASE("a composition in which two processes ended, and a check in which two did, are left out") {
  const Folder folder("deadly_parts");
  const SessionOptions options = few_classes(folder.path());
  const auto dies = [](Machine& machine) {
    machine.at_compute = [](const cost::Op& op) {
      if (cost::class_name(op) == "scale") _exit(8);
    };
    machine.at_prepare = [&machine](const cost::Op&) {
      if (machine.prepared.back().starts_with("block_update")) _exit(9);
    };
  };
  CHECK(run_in_child(options, dies) == 8);
  CHECK(run_in_child(options, dies) == 8);
  CHECK(run_in_child(options, dies) == 9);
  CHECK(run_in_child(options, dies) == 9);
  CHECK(run_in_child(options, dies) == 0);
  const auto compositions = parse_records(folder.text("compositions.jsonl"), "c");
  REQUIRE(compositions.size() == 1);
  CHECK(compositions[0].skipped == "earlier tries ended in it");
  for (const Measurement& row : folder.rows()) {
    const bool is_scale = class_name(row.subject) == "scale";
    REQUIRE(row.is_measured() != is_scale);
    if (is_scale) REQUIRE_THAT(row.skipped, Catch::StartsWith("an earlier try ended in its check of rows="));
  }
}

TEST_CASE("when the device is lost the files stay whole, and the next process goes on behind the case") {
  const Folder folder("lost");
  const SessionOptions options = few_classes(folder.path());
  const auto plan = session_plan(options);
  const std::string deadly = case_text(first_of(plan, "scale").subject);
  const auto loses = [&deadly](Machine& machine) {
    machine.at_prepare = [&](const cost::Op& op) { machine.lost = case_text(op) == deadly; };
  };
  Machine machine;
  loses(machine);
  CHECK_THROWS_WITH(session_test::run(machine, options),
                    Catch::Contains("device is lost after " + deadly) && Catch::Contains("illegal address"));
  const auto rows = folder.rows();
  check_rows(rows, plan);
  CHECK(case_text(rows.back().subject) == deadly);
  CHECK(rows.back().skipped == "the device is lost: illegal address");
  CHECK(json_of(folder, "session.json")["measured"] == rows.size() - 1);
  Machine next;
  loses(next);
  CHECK(session_test::run(next, options).is_complete);  // nor do later rounds meet the case
  check_rows(folder.rows(), plan);
}

TEST_CASE("a composition in which the device is lost is not met again") {
  const Folder folder("lost_composition");
  Machine machine;
  machine.at_prepare = [&machine](const cost::Op&) {
    machine.lost = machine.prepared.back().starts_with("block_update");
    if (machine.lost) throw BackendError("illegal address");
  };
  CHECK_THROWS_WITH(session_test::run(machine, few_classes(folder.path())),
                    Catch::Contains("device is lost in block_update"));
  Machine next;
  CHECK(session_test::run(next, few_classes(folder.path())).is_complete);
  CHECK_FALSE(next.prepared.front().starts_with("block_update"));
  CHECK(parse_records(folder.text("compositions.jsonl"), "c").at(0).skipped == "illegal address");
}

TEST_CASE("a line that a killed process left unfinished is measured again") {
  const Folder folder("cut");
  const SessionOptions options = few_classes(folder.path());
  const auto plan = session_plan(options);
  Machine machine;
  session_test::run(machine, options);
  const std::string whole = folder.text("measurements.csv");
  fs::remove(folder.file("measurements.csv"));
  std::ofstream(folder.file("measurements.csv.part")) << whole.substr(0, whole.size() - 25);
  std::ofstream(folder.file("checks.jsonl"), std::ios::app) << "{\"class\": \"sca";
  std::ofstream(folder.file("compositions.jsonl"), std::ios::app) << "{\"na";
  Machine next;
  CHECK(session_test::run(next, options).is_complete);
  CHECK(next.prepared.size() == 1);
  check_rows(folder.rows(), plan);
  CHECK(folder.text("checks.jsonl").back() == '\n');
  CHECK(folder.text("compositions.jsonl").back() == '\n');
}

TEST_CASE("a folder with a session of another machine or another plan is refused and left as it is") {
  const Folder folder("other");
  SessionOptions options = few_classes(folder.path());
  Machine machine;
  session_test::run(machine, options);
  const std::string before = folder.text("measurements.csv"), who = folder.text("fingerprint.json");
  Machine other;
  other.device = "another machine";
  CHECK_THROWS_AS(session_test::run(other, options), ScenarioError);
  CHECK_THROWS_WITH(session_test::run(other, options), Catch::Contains("another machine or software"));
  options.classes = {"adam"};
  CHECK_THROWS_AS(session_test::run(machine, options), ScenarioError);
  CHECK_THROWS_WITH(session_test::run(machine, options), Catch::Contains("another plan, \"quick seed=1"));
  CHECK(folder.text("measurements.csv") == before);
  CHECK(folder.text("fingerprint.json") == who);
}

TEST_CASE("a folder that cannot be made is an error of the environment that names it") {
  const Folder folder("blocked");
  fs::create_directories(fs::path(folder.path()).parent_path());
  std::ofstream(folder.path()) << "a file";
  Machine machine;
  CHECK_THROWS_AS(session_test::run(machine, few_classes(folder.path())), BackendError);
  CHECK_THROWS_WITH(session_test::run(machine, few_classes(folder.path())), Catch::Contains(folder.path()));
}

TEST_CASE("a time that the clock cannot tell is skipped, and the table stays readable") {
  const Folder folder("zero");
  Machine machine;
  machine.call_s = 0.0;
  SessionOptions options = few_classes(folder.path());
  options.budget_s = 0.2;
  const auto summary = session_test::run(machine, options);
  CHECK(summary.measured == 0);
  CHECK(summary.skipped > 0);
  CHECK(summary.skipped == folder.rows().size());
  CHECK_THAT(folder.rows().front().skipped, Catch::Contains("below what the clock can tell"));
  CHECK_THAT(parse_records(folder.text("compositions.jsonl"), "c").at(0).skipped, Catch::Contains("clock"));
}

TEST_CASE("the swing of the computing anchor is told, because others or the clock disturbed the sweep") {
  const Folder folder("swing");
  Machine machine;
  machine.at_prepare = [&machine](const cost::Op&) { machine.call_s = machine.now_s > 1.0 ? 1.5e-4 : 1e-4; };
  std::string said;
  const auto summary =
      session_test::run(machine, few_classes(folder.path()), {[&](const std::string& l) { said += l; }, {}});
  CHECK(summary.anchor_swing == Approx(0.5));
  CHECK_THAT(said, Catch::Contains("up to 50 % longer"));
}
