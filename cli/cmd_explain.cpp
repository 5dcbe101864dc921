// `orrery explain`: the meaning of any output column or scenario key.
#include <fmt/format.h>

#include <algorithm>

#include "calibrate/measurements.hpp"
#include "cli/verb.hpp"
#include "scenarios/explain.hpp"

namespace orrery::cli {
namespace {

std::vector<scenario::Explanation> everything() {
  std::vector<scenario::Explanation> known = scenario::known_explanations();
  for (const calibrate::ColumnHelp& column : calibrate::measurement_columns()) {
    known.push_back({"measurements.csv", column.name, column.help});
  }
  return known;
}

class Explain : public Verb {
 public:
  std::string example() const override { return "orrery explain exposed_communication_s"; }
  void declare(CLI::App& app) override {
    app.add_option("key", key_, "key of a scenario or result, such as plan.bucket; none: list all");
  }

  ExitCode run() override {
    const auto entries = key_.empty() ? everything() : scenario::explain(key_, everything());
    for (const scenario::Explanation& entry : entries) {
      fmt::print("{} ({})\n  {}\n", entry.path, entry.place, entry.help);
    }
    return ExitCode::done;
  }

 private:
  std::string key_;
};

const bool registered =
    verbs().add<Explain>("explain", "print the meaning of an output column or scenario key");

}  // namespace
}  // namespace orrery::cli
