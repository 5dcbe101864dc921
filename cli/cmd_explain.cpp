// `orrery explain`: the meaning of any output column or scenario key.
#include <fmt/format.h>

#include <algorithm>

#include "calibrate/composition_record.hpp"
#include "calibrate/measurements.hpp"
#include "calibrate/report.hpp"
#include "cli/verb.hpp"
#include "scenarios/explain.hpp"
#include "scenarios/sgd_text.hpp"
#include "validate/records.hpp"

namespace orrery::cli {
namespace {

std::vector<scenario::Explanation> everything() {
  std::vector<scenario::Explanation> known = scenario::known_explanations();
  for (const calibrate::ColumnHelp& column : calibrate::measurement_columns()) {
    known.push_back({"measurements.csv", column.name, column.help});
  }
  for (const calibrate::ReportColumn& column : calibrate::report_columns()) {
    known.push_back({"calibrate report", column.title, column.help});
    if (column.name != column.title) known.push_back({"calibrate report, CSV and JSON", column.name, column.help});
  }
  for (const calibrate::ColumnHelp& column : calibrate::composition_columns()) {
    known.push_back({"calibrate report --compositions", column.name, column.help});
  }
  for (const scenario::ColumnHelp& column : scenario::sgd_columns()) {
    known.push_back({"table of an sgd scenario", column.name, column.help});
  }
  for (const auto& [place, schema] : {std::pair{"predictions.json", json_schema<validate::Predictions>()},
                                      {"measured runs of validate", json_schema<validate::MeasuredRun>()}}) {
    for (scenario::Explanation& entry : scenario::explanations(schema, place))
      known.push_back(std::move(entry));
  }
  for (const auto& [column, help] : {std::pair{"step", "number of the training step, from 0"},
                                     {"rank", "number of the process, from 0"},
                                     {"part", "input, forward, backward, bucket0, bucket1, ..., update"},
                                     {"begin_s", "start, seconds since the common start of all ranks"},
                                     {"end_s", "end, seconds since the common start of all ranks"}}) {
    known.push_back({"spans.csv", column, help});
  }
  known.push_back({"losses.csv", "loss", "mean cross-entropy of the step over all ranks, in nats"});
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
