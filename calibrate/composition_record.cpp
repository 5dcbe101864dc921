#include "calibrate/composition_record.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "calibrate/session_files.hpp"
#include "sim/base/error.hpp"
#include "sim/base/json_io.hpp"
#include "sim/base/unit_text.hpp"

namespace orrery::calibrate {
namespace {

CompositionRecord describe(const Composition& composition) {
  CompositionRecord record;
  record.name = composition.name;
  record.as_graph = composition.as_graph;
  for (const CompositionStep& step : composition.steps) {
    StepRecord s{cost::class_name(step.op), cost::shape_text(step.op), {}, step.lane};
    for (const std::size_t id : step.operands) s.operands.push_back(static_cast<int>(id));
    record.steps.push_back(s);
  }
  return record;
}

std::string first_unsupported(const Backend& backend, const Composition& composition) {
  for (const CompositionStep& step : composition.steps) {
    if (!backend.supports(step.op)) return cost::class_name(step.op);
  }
  return "";
}

std::vector<double> sample(TimedOp& whole, const StoppingRule& rule, const Clock& clock) {
  for (int i = 0; i < 3; ++i) whole.run();
  std::vector<double> samples;
  const double start = clock();
  do {
    samples.push_back(whole.run().value());
  } while (!rule.is_finished(samples, clock() - start));
  return samples;
}

/// Bytes touched between two uses of each tensor, when the lane's steps run again and again.
class Distances {
 public:
  void touch(int tensor, double bytes) {
    total_ += bytes;
    last_[tensor] = total_;
  }
  double since(int tensor) const {
    const auto found = last_.find(tensor);
    return found == last_.end() ? total_ : total_ - found->second;
  }

 private:
  double total_ = 0.0;
  std::map<int, double> last_;
};

Seconds estimate(const cost::Op& op, const std::vector<cost::Operand>& operands, const StepRecord& step,
                 const Distances& distances, const cost::CostModel& costs) {
  double all = 0.0;
  for (const cost::Operand& operand : operands) all += operand.touched_bytes().value();
  Seconds time(0.0);
  for (std::size_t i = 0; i < operands.size(); ++i) {
    const double share = operands[i].touched_bytes().value() / all;
    const Bytes distance(distances.since(step.operands[i]));
    time += share * costs.estimate(op, {1, distance}).time;
  }
  return time;
}

}  // namespace

CompositionRecord measure_composition(Backend& backend, const Composition& composition,
                                      const StoppingRule& rule, const Clock& clock) {
  CompositionRecord record = describe(composition);
  if (const std::string name = first_unsupported(backend, composition); !name.empty()) {
    record.skipped = "the " + backend.name() + " backend has no kernel for " + name;
    return record;
  }
  try {
    const auto whole = backend.prepare(composition);
    std::vector<double> samples = sample(*whole, rule, clock);
    const Distribution times = summarise(samples);
    if (!(times.median_s > 0.0)) throw BackendError("its time is below what the clock can tell");
    record.median_s = times.median_s;
    record.p10_s = times.quantiles_s[2];
    record.p90_s = times.quantiles_s[8];
    record.samples = times.samples;
    const Telemetry telemetry = whole->telemetry();
    record.host_s = telemetry.host.value();
    record.kernel_s = telemetry.kernel.value();
    record.kernels = telemetry.kernels;
    record.clock_mhz = telemetry.clock_mhz;
    record.power_w = telemetry.power_w;
    record.throttle = telemetry.throttle;
  } catch (const BackendError& error) {
    record.skipped = error.what();
  }
  return record;
}

std::string record_line(const CompositionRecord& record) {
  return json_line(write_json(record)) + "\n";
}

std::vector<CompositionRecord> parse_records(const std::string& text, const std::string& place) {
  return parse_json_lines<CompositionRecord>(text, place);
}

Seconds predict(const CompositionRecord& record, const cost::CostModel& costs) {
  std::map<int, Seconds> lanes;
  Distances distances;
  // The first pass only says how far apart the uses are; the second is what a repeated run meets.
  for (const bool counts : {false, true}) {
    for (const StepRecord& step : record.steps) {
      const cost::Op op = cost::parse_op(step.class_name, step.shape);
      const std::vector<cost::Operand> operands = cost::operands(op);
      if (operands.size() != step.operands.size()) {
        throw ScenarioError(record.name, step.class_name + ": expected " + std::to_string(operands.size()) +
                                             " operands, got " + std::to_string(step.operands.size()));
      }
      if (counts) lanes[step.lane] += estimate(op, operands, step, distances, costs);
      for (std::size_t i = 0; i < operands.size(); ++i) {
        distances.touch(step.operands[i], operands[i].touched_bytes().value());
      }
    }
  }
  Seconds longest(0.0);
  for (const auto& [lane, time] : lanes) longest = std::max(longest, time);
  return longest;
}

namespace {

struct PredictionCells {
  std::string time = "-", error = "-";
  std::string problem;  ///< behind the line: a profile may lack an operator that had too few points
};

PredictionCells prediction_cells(const CompositionRecord& record, const cost::CostModel& costs) {
  PredictionCells cells;
  try {
    const Seconds predicted = predict(record, costs);
    cells.time = human(predicted);
    cells.error = fmt::format("{:+.1f}", 100.0 * (predicted.value() / record.median_s - 1.0));
  } catch (const ScenarioError& error) {
    // The whole table is about one profile: its description need not stand in each line.
    const std::string text = error.what();
    const std::size_t what = text.find("has no measurement");
    cells.problem =
        "\n  no prediction: " + (what == std::string::npos ? text : "the profile " + text.substr(what));
  }
  return cells;
}

}  // namespace

std::vector<ColumnHelp> composition_columns() {
  return {{"composition", "several operators that run as one piece, on shared tensors as in a real step"},
          {"measured", "median time of the whole"},
          {"predicted", "sum of the predictions of its operators; of lanes side by side the longest"},
          {"error %", "predicted over measured - 1"},
          {"kernels", "time in which kernels ran"},
          {"host", "time of the host to enqueue it"}};
}

std::string composition_table(const std::vector<CompositionRecord>& records, const cost::CostModel& costs) {
  std::size_t width = 11;
  for (const CompositionRecord& r : records)
    width = std::max(width, std::min<std::size_t>(r.name.size(), 70));
  const std::vector<ColumnHelp> c = composition_columns();
  std::string text = fmt::format("{:<{}}  {:>10}  {:>10}  {:>7}  {:>10}  {:>10}\n", c[0].name, width,
                                 c[1].name, c[2].name, c[3].name, c[4].name, c[5].name);
  for (const CompositionRecord& r : records) {
    if (!r.skipped.empty()) {
      text += fmt::format("{:<{}}\n  skipped: {}\n", r.name, width, r.skipped);
      continue;
    }
    const auto known = [](double seconds) { return seconds > 0.0 ? human(Seconds(seconds)) : "-"; };
    const PredictionCells cells = prediction_cells(r, costs);
    text += fmt::format("{:<{}}  {:>10}  {:>10}  {:>7}  {:>10}  {:>10}{}\n", r.name, width,
                        human(Seconds(r.median_s)), cells.time, cells.error, known(r.kernel_s),
                        known(r.host_s), cells.problem);
  }
  return text;
}

}  // namespace orrery::calibrate
