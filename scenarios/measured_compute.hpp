// Compute times that a scenario of kind "sgd" takes from a table of measured mini-batches: which column and job, and
// whether as a fitted family or as they are. The file is read, and uncompressed, by the caller (question.hpp).
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "sim/base/fields.hpp"
#include "workloads/straggler/compute_times.hpp"

namespace orrery::scenario {

enum class MeasuredModel { fitted, empirical };
constexpr auto names_of(MeasuredModel) {
  return std::array{std::string_view("fitted"), std::string_view("empirical")};
}

struct MeasuredTimes {
  std::string file;
  std::string column = "seconds";
  Seconds unit{1.0};
  std::optional<std::string> job;
  MeasuredModel model = MeasuredModel::fitted;
  bool workers = true;
};
template <class V>
void fields(V& v, MeasuredTimes& c) {
  v("file", c.file, "CSV with a header line and a mini-batch per line; may be packed (.gz); relative to the scenario's file, or "
    "to the working directory", required());
  v("column", c.column, "column with the times, each a number above 0");
  v("unit", c.unit, "what a 1 in that column stands for: 1 ms for milliseconds; for normalised times any", more_than(0));
  v("job", c.job, "which job of the column \"job\"; none: the only one");
  v("model", c.model, "fitted: the family that describes them best (Akaike); empirical: the times themselves");
  v("workers", c.workers, "keep the lasting differences between workers, as factors of the learners; false: all workers alike");
}

struct MeasuredCompute {
  straggler::StragglerConfig compute;
  std::string description;  ///< family, number of times, distance, file and job, for the report
};

/// `csv`: what is in the file. Throws ScenarioError: at `place` (of the key "measured") for a job that the table lacks or
/// more workers than learners, at the table's line for what is wrong in it.
MeasuredCompute measured_compute(const MeasuredTimes& source, const std::string& csv, int learners,
                                 const std::string& place);

}  // namespace orrery::scenario
