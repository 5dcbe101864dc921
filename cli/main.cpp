// The command line: finds the verb, lets CLI11 read its options, and maps the four kinds of errors to exit
// codes. Nothing else happens here; verbs are in cmd_*.cpp.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <map>
#include <memory>

#include "cli/verb.hpp"
#include "scenarios/version.hpp"
#include "sim/base/error.hpp"
#include "sim/base/spelling.hpp"

namespace orrery::cli {
namespace {

using VerbTable = std::map<const CLI::App*, std::unique_ptr<Verb>>;

VerbTable declare_verbs(CLI::App& app) {
  VerbTable table;
  for (const NameAndHelp& entry : verbs().names()) {
    auto verb = verbs().make(entry.name);
    CLI::App* sub = app.add_subcommand(entry.name, entry.help);
    sub->footer("\nExample:\n  " + verb->example());
    verb->declare(*sub);
    table.emplace(sub, std::move(verb));
  }
  return table;
}

/// The innermost verb that was understood, for messages about what came after it.
const CLI::App& innermost(const CLI::App& app) {
  const auto chosen = app.get_subcommands();
  return chosen.empty() ? app : innermost(*chosen.front());
}

std::vector<std::string> names_after(const CLI::App& verb, bool flags) {
  std::vector<std::string> names;
  if (!flags) {
    for (const CLI::App* sub : verb.get_subcommands({})) names.push_back(sub->get_name());
    return names;
  }
  for (const CLI::Option* option : verb.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

/// A usage error in our words: what was not understood and the nearest thing that would be.
std::string usage_message(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App& verb = innermost(app);
  const std::string prefix = &verb == &app ? "" : verb.get_name() + ": ";
  std::string command = verb.get_name();
  for (const CLI::App* above = verb.get_parent(); above != nullptr; above = above->get_parent()) {
    command = above->get_name() + " " + command;
  }
  const auto extras = verb.remaining();
  const bool misplaced = dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr && !extras.empty();
  const bool no_verb = dynamic_cast<const CLI::RequiredError*>(&error) != nullptr && !extras.empty();
  if (!misplaced && !no_verb) return fmt::format("{}{}; see {} --help", prefix, error.what(), command);
  const std::string& word = extras.front();
  const bool flag = word.rfind("-", 0) == 0;
  const auto known = names_after(verb, flag);
  if (known.empty()) return fmt::format("{}unexpected \"{}\"; see {} --help", prefix, word, command);
  const char* what = flag ? "option" : &verb == &app ? "verb" : "argument";
  return fmt::format("{}unknown {} \"{}\"{}", prefix, what, word, spelling_hint(word, known));
}

int fail(ExitCode code, const std::string& message) {
  fmt::print(stderr, "orrery: {}\n", message);
  return static_cast<int>(code);
}

int run(int argc, char** argv) {
  CLI::App app("Orrery predicts how long distributed deep-learning training takes, and says how sure it is.",
               "orrery");
  app.set_version_flag("--version", "orrery " + scenario::version());
  app.require_subcommand(1);
  app.footer(
      "\nExample:\n  orrery run scenarios/train/mlp_dp2.json\n\nExit codes: 0 done, 1 a stated goal is "
      "missed, "
      "2 wrong input, 3 the environment, 4 our own bug.");
  const VerbTable table = declare_verbs(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help and --version
    return fail(ExitCode::wrong_input, usage_message(app, error));
  }
  return static_cast<int>(table.at(app.get_subcommands().front())->run());
}

}  // namespace
}  // namespace orrery::cli

int main(int argc, char** argv) {
  using orrery::cli::ExitCode, orrery::cli::fail;
  try {
    return orrery::cli::run(argc, argv);
  } catch (const orrery::ScenarioError& error) {
    return fail(ExitCode::wrong_input, error.what());
  } catch (const orrery::BackendError& error) {
    return fail(ExitCode::environment, error.what());
  } catch (const std::exception& error) {
    return fail(ExitCode::own_bug, std::string(error.what()) + " (this is a bug of orrery)");
  }
}
