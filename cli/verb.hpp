// The seam between `main` and the verbs: each `cmd_*.cpp` implements one Verb and registers itself, so a new
// verb is one new file. A verb only reads its options, calls one library function and prints; thinking
// happens elsewhere. Results go to stdout, progress and warnings to stderr. Errors are thrown (ScenarioError,
// BackendError) and become exit codes 2, 3 and 4 in one place, `main.cpp`; a verb returns `done` or
// `goal_missed`.
//
//   class List : public Verb {
//     std::string example() const override { return "orrery list models"; }
//     void declare(CLI::App& app) override { app.add_option("what", what_, "which registry"); }
//     ExitCode run() override { ...; return ExitCode::done; }
//     std::string what_;
//   };
//   const bool registered = verbs().add<List>("list", "print what can be named in a scenario");
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "sim/base/registry.hpp"

namespace orrery::cli {

/// House rules 3.12: 0 done, 1 a stated goal is missed, 2 wrong input, 3 the environment, 4 our own bug.
enum class ExitCode { done = 0, goal_missed = 1, wrong_input = 2, environment = 3, own_bug = 4 };

class Verb {
 public:
  virtual ~Verb() = default;
  /// One complete command line, run as printed by a test.
  virtual std::string example() const = 0;
  /// Adds options (and sub-verbs through `app.add_subcommand`) that write into members of this verb.
  virtual void declare(CLI::App& app) = 0;
  /// Called once after the command line was understood.
  virtual ExitCode run() = 0;
};

/// The registry of verbs, by name.
inline Registry<Verb>& verbs() {
  static Registry<Verb> registry("verb", "verbs");
  return registry;
}

}  // namespace orrery::cli
