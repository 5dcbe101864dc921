// `orrery collective`: one collective on a network named on the command line, without a file. The options become a
// scenario of kind "collective", so everything else is as with `orrery run`.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>

#include "cli/verb.hpp"
#include "scenarios/collective_request.hpp"
#include "scenarios/question.hpp"

namespace orrery::cli {
namespace {

class Collective : public Verb {
 public:
  std::string example() const override {
    return "orrery collective --topology single_switch --ranks 8 --kind all_reduce --sizes 1KiB..1GiB";
  }

  void declare(CLI::App& app) override {
    app.add_option("--topology", request_.topology, "what is wired to what (orrery list topologies)")
        ->capture_default_str();
    app.add_option("--ranks", request_.ranks, "processes that take part; the topology is made large enough")
        ->capture_default_str();
    app.add_option("--kind", request_.collective, "the operation (orrery list collectives)")->capture_default_str();
    app.add_option("--sizes", request_.sizes, "sizes and doubling ranges with commas")->capture_default_str();
    app.add_option("--algorithm", request_.algorithms, "auto, or one or more of orrery list collective_algorithms")
        ->delimiter(',')
        ->capture_default_str();
    app.add_option("--link", request_.link, "all cables as in a row of the link table (orrery list links)");
    app.add_option("--set", request_.overrides, "one value: --set topology.k=8, --set costs.alpha=2us (repeatable)")
        ->type_name("KEY=VALUE")
        ->allow_extra_args(false);
    app.add_flag("--candidates", candidates_, "with auto: also print what was compared");
    app.add_option("--format", format_, "of the answer")
        ->check(CLI::IsMember(scenario::format_names()))
        ->capture_default_str();
  }

  ExitCode run() override {
    const scenario::Question question = scenario::read_question(scenario::collective_document(request_));
    const bool bold = isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr;
    fmt::print("{}", scenario::answer_text(scenario::answer(question), scenario::format_named(format_),
                                           {true, bold, candidates_}));
    return ExitCode::done;
  }

 private:
  scenario::CollectiveCommand request_;
  std::string format_ = "table";
  bool candidates_ = false;
};

const bool registered = verbs().add<Collective>("collective", "time of one collective on one network, by size");

}  // namespace
}  // namespace orrery::cli
