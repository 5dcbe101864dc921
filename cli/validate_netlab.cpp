#include "cli/validate_netlab.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "calibrate/backends/cpu/launch.hpp"
#include "scenarios/artifact.hpp"
#include "sim/base/json_io.hpp"
#include "sim/base/unit_text.hpp"
#include "validate/netlab_score.hpp"
#include "validate/netlab_store.hpp"
#include "validate/netlab_suite.hpp"

namespace orrery::cli {
namespace {

namespace fs = std::filesystem;
using validate::NetlabCase;
using validate::NetlabRun;

constexpr int kSkipped = 77;  // as scripts/netlab says it

std::string tc_rate(BytesPerSec rate) {
  return fmt::format("{:.0f}bit", rate.value() * 8);
}

/// One start of the ranks.
struct LabRun {
  bool slow_link = false;
  bool library = false;  ///< the MPI library's own collective

  bool takes(const NetlabCase& c) const {
    return c.slow_link == slow_link && (c.pattern == validate::NetlabPattern::library) == library;
  }
};

/// Starts this program on every host of a new lab and returns what rank 0 recorded. Our ranks sleep while they wait,
/// so they get real-time priority: what else the machine does shall not delay them when a message comes. The
/// library's ranks spin and go without, so that they cannot keep both cores from everybody else; its times are
/// therefore not comparable with ours on a loaded machine.
std::string run_on_lab(const NetlabOptions& options, const validate::NetlabNetwork& network,
                       const validate::NetlabWork& work, const LabRun& run) {
  const std::string input = (fs::path(options.out) / "current_work.json").string();
  const std::string record = (fs::path(options.out) / "current_runs.jsonl").string();
  scenario::write_artifacts(options.out, {{"current_work.json", write_json(work).dump() + "\n"}});
  std::vector<std::string> command{options.script, "--hosts", std::to_string(network.hosts), "--rate",
                                   tc_rate(network.rate)};
  const auto append = [&command](std::vector<std::string> words) {
    command.insert(command.end(), words.begin(), words.end());
  };
  if (run.slow_link) append({"--slow", fmt::format("{}={}", network.slow_host, tc_rate(network.slow_rate))});
  append({"run"});
  if (!run.library) append({"chrt", "--rr", "1"});
  append({"mpirun", "-np", std::to_string(network.hosts), "--quiet", cpu::this_process().program, "validate",
          "netlab", "--child", "netlab", "--child-input", input, "--child-record", record});
  if (const int code = cpu::run_program(std::move(command)); code != 0) {
    throw BackendError(fmt::format("the ranks on the network lab ended with exit code {}", code));
  }
  std::string text = scenario::read_file(record);
  fs::remove(record);
  fs::remove(input);
  return text;
}

/// Our plans on the even network, then with a slow link; the library last.
std::string run_cases(const NetlabOptions& options, const validate::NetlabNetwork& network,
                      const std::vector<NetlabCase>& cases, const std::string& seal) {
  std::string text;
  for (const LabRun run : {LabRun{false, false}, LabRun{true, false}, LabRun{false, true}}) {
    validate::NetlabWork work{{}, options.repeats, seal};
    for (const NetlabCase& c : cases) {
      if (run.takes(c)) work.cases.push_back(c);
    }
    if (work.cases.empty()) continue;
    fmt::print(stderr, "{} cases, {} repeats{}\n", work.cases.size(), work.repeats,
               run.slow_link ? ", with a slow link"
               : run.library ? ", by the MPI library"
                             : "");
    text += run_on_lab(options, network, work, run);
  }
  return text;
}

void print(const validate::NetlabNetwork& network, const validate::NetlabFit& fit) {
  fmt::print("network: {} hosts around one switch, {} a link and direction; slow link: {} at {}\n",
             network.hosts, human(network.rate), fmt::format("host {}", network.slow_host),
             human(network.slow_rate));
  fmt::print("fitted on calibration runs (median error {:.1f} %, worst {:.1f} %):\n", fit.median_error * 100,
             fit.worst_error * 100);
  fmt::print("  start {} per rank; start-up of a message {}, and {} for each one that it meets on both links\n",
             human(fit.start), human(fit.alpha), human(fit.crossing));
  fmt::print(
      "  wire per byte of data {:.4f}, {:+.4f} where both directions are busy, {:+.4f} for each other busy "
      "link\n",
      fit.headers, fit.acknowledgements, fit.sharing);
  fmt::print("  adding {}\n", human(fit.gamma));
}

ExitCode finish(const validate::NetlabScore& score) {
  fmt::print("\n{}", validate::netlab_score_text(score));
  return score.passed ? ExitCode::done : ExitCode::goal_missed;
}

}  // namespace

ExitCode validate_netlab(const NetlabOptions& options) {
  const auto rate = parse_as<BytesPerSec>(options.rate, "--rate");
  if (!fs::exists(options.script)) {
    throw ScenarioError("--lab", options.script + " does not exist: expected the path of scripts/netlab");
  }
  const int ready = cpu::run_program({options.script, "check"});
  if (ready == kSkipped) {
    fmt::print(
        "skipped: nothing was measured (orrery validate netlab --score-only DIR scores stored runs)\n");
    return ExitCode::done;
  }
  if (ready != 0) throw BackendError(fmt::format("{} check: exit code {}", options.script, ready));
  const validate::NetlabNetwork network = validate::netlab_network(options.ranks, rate);
  const std::string calibration = run_cases(options, network, validate::calibration_cases(options.ranks), "");
  scenario::write_artifacts(options.out, {{validate::kNetlabCalibrationFile, calibration}});
  const validate::NetlabFit fit =
      validate::fit_netlab(validate::read_netlab_runs(calibration, validate::kNetlabCalibrationFile), rate);
  print(network, fit);
  const std::vector<NetlabCase> cases = validate::scored_cases(options.ranks);
  const validate::NetlabPredictions predictions = validate::predict_netlab_cases(cases, network, fit);
  const std::string seal = validate::seal_netlab_predictions(options.out, predictions);
  fmt::print("{} predictions written before any run, seal {}\n", predictions.predictions.size(), seal);
  std::fflush(stdout);
  const std::string runs = run_cases(options, network, cases, seal);
  scenario::write_artifacts(options.out, {{validate::kNetlabRunsFile, runs}});
  const auto score =
      validate::score_netlab(predictions, validate::read_netlab_runs(runs, validate::kNetlabRunsFile));
  scenario::write_artifacts(options.out, {{"score.json", validate::netlab_score_json(score)},
                                          {"score.txt", validate::netlab_score_text(score)}});
  const ExitCode code = finish(score);
  fmt::print("calibration, predictions, runs and score: {}\n", options.out);
  return code;
}

ExitCode score_netlab_session(const std::string& folder) {
  const validate::NetlabSession session = validate::read_netlab_session(folder);
  print(session.predictions.network, session.predictions.fit);
  return finish(validate::score_netlab(session.predictions, session.runs));
}

}  // namespace orrery::cli
