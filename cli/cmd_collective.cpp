// `orrery collective`: one collective named on the command line, without a file. On a network the options
// become a scenario of kind "collective", so everything else is as with `orrery run`; with --profile a fitted
// fabric answers.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>

#include "cli/fabric_profile_file.hpp"
#include "cli/verb.hpp"
#include "scenarios/collective_request.hpp"
#include "scenarios/fabric_estimate.hpp"
#include "scenarios/fabric_text.hpp"
#include "scenarios/question.hpp"
#include "sim/base/error.hpp"

namespace orrery::cli {
namespace {

class Collective : public Verb {
 public:
  std::string example() const override {
    return "orrery collective --topology single_switch --ranks 8 --kind all_reduce --sizes 1KiB..1GiB";
  }

  void declare(CLI::App& app) override {
    declare_simulated(app);
    app.add_option("--profile", profile_,
                   "a fitted fabric answers, no network is simulated: a file, or a name such as h100_sxm");
    fitted_ = {app.add_option("--nodes", fitted_request_.nodes,
                              "with --profile: spread the ranks evenly over so many nodes"),
               app.add_option("--stack", fitted_request_.stack,
                              "with --profile: software, such as \"nccl 2.27.3\"")};
    app.add_option("--ranks", request_.ranks, "processes that take part; the topology is made large enough")
        ->capture_default_str();
    app.add_option("--kind", request_.collective, "the operation (orrery list collectives)")
        ->capture_default_str();
    app.add_option("--sizes", request_.sizes, "sizes and doubling ranges with commas")->capture_default_str();
    app.add_option("--format", format_, "of the answer")
        ->check(CLI::IsMember(scenario::format_names()))
        ->capture_default_str();
  }

  ExitCode run() override {
    const scenario::Format format = scenario::format_named(format_);
    fmt::print("{}", profile_.empty() ? simulated(format) : fitted(format));
    return ExitCode::done;
  }

 private:
  using Options = std::vector<const CLI::Option*>;

  void declare_simulated(CLI::App& app) {
    simulated_ = {
        app.add_option("--topology", request_.topology, "what is wired to what (orrery list topologies)")
            ->capture_default_str(),
        app.add_option("--algorithm", request_.algorithms,
                       "auto, or one or more of orrery list collective_algorithms")
            ->delimiter(',')
            ->capture_default_str(),
        app.add_option("--link", request_.link,
                       "all cables as in a row of the link table (orrery list links)"),
        app.add_option("--set", request_.overrides,
                       "one value: --set topology.k=8, --set costs.alpha=2us (repeatable)")
            ->type_name("KEY=VALUE")
            ->allow_extra_args(false),
        app.add_flag("--candidates", candidates_, "with auto: also print what was compared")};
  }

  static void refuse(const Options& options, const std::string& why) {
    for (const CLI::Option* option : options) {
      if (option->count() > 0) throw ScenarioError(option->get_name(), why);
    }
  }

  static bool bold() { return isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr; }

  std::string simulated(scenario::Format format) const {
    refuse(fitted_, "needs --profile; on a simulated network the topology says who shares a node");
    const scenario::Question question = scenario::read_question(scenario::collective_document(request_));
    return scenario::answer_text(scenario::answer(question), format, {true, bold(), candidates_});
  }

  std::string fitted(scenario::Format format) {
    refuse(simulated_,
           "belongs to a simulated network; with --profile the fabric brings its own wires and its library "
           "picks "
           "the algorithm: leave one of the two away");
    fitted_request_.ranks = request_.ranks;
    fitted_request_.collective = request_.collective;
    fitted_request_.sizes = request_.sizes;
    const scenario::FabricReport report =
        scenario::estimate(open_fabric_profile(profile_, "costmodel/profiles/fabrics"), fitted_request_);
    if (format == scenario::Format::json) return write_json(report).dump(2) + "\n";
    if (format == scenario::Format::csv) return scenario::report_csv(report);
    return scenario::report_text(report, {format == scenario::Format::md, bold()});
  }

  scenario::CollectiveCommand request_;
  scenario::FabricCommand fitted_request_;
  Options simulated_, fitted_;
  std::string profile_, format_ = "table";
  bool candidates_ = false;
};

const bool registered =
    verbs().add<Collective>("collective", "time of one collective on one network, by size");

}  // namespace
}  // namespace orrery::cli
