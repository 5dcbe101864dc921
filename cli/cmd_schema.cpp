// `orrery schema`: the scenario format, for editors (JSON schema) and for people (Markdown).
#include <fmt/format.h>

#include "cli/verb.hpp"
#include "scenarios/schema.hpp"

namespace orrery::cli {
namespace {

class Schema : public Verb {
 public:
  std::string example() const override { return "orrery schema"; }
  void declare(CLI::App& app) override {
    app.add_flag("--markdown", markdown_, "print docs/scenario.md instead of the JSON schema");
  }
  ExitCode run() override {
    fmt::print("{}", markdown_ ? scenario::documentation_text() : scenario::schema_text());
    return ExitCode::done;
  }

 private:
  bool markdown_ = false;
};

const bool registered =
    verbs().add<Schema>("schema", "print the JSON schema (draft 2020-12) of the scenario format");

}  // namespace
}  // namespace orrery::cli
