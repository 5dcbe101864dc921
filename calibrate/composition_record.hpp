// What was measured of a composition, as one line of JSON in compositions.jsonl, and what a cost model says
// of the same operators: the sum over each lane, the longest lane for the whole. The difference is what the
// sum of single operators misses: gaps between kernels, launches, caches, streams that disturb each other.
#pragma once

#include <string>
#include <vector>

#include "calibrate/composition.hpp"
#include "calibrate/measure.hpp"
#include "costmodel/cost_model.hpp"
#include "sim/base/fields.hpp"

namespace orrery::calibrate {

/// A step as text: the operator as in measurements.csv.
struct StepRecord {
  std::string class_name, shape;
  std::vector<int> operands;  ///< tensor numbers
  int lane = 0;
};
template <class V>
void fields(V& v, StepRecord& c) {
  v("class", c.class_name, "operator class", required());
  v("shape", c.shape, "as in measurements.csv");
  v("operands", c.operands, "number of the tensor behind each operand", at_least(0));
  v("lane", c.lane, "stream: lanes run side by side", at_least(0));
}

struct CompositionRecord {
  std::string name;
  bool as_graph = false;
  double median_s = 0, p10_s = 0, p90_s = 0;
  int samples = 0;
  double host_s = 0, kernel_s = 0;
  int kernels = 0;
  double clock_mhz = 0, power_w = 0;
  std::string throttle, skipped;
  std::vector<StepRecord> steps;
};
template <class V>
void fields(V& v, CompositionRecord& c) {
  v("name", c.name, "what it is, with its sizes", required());
  v("as_graph", c.as_graph, "replayed as one graph instead of launched kernel by kernel");
  v("median_s", c.median_s, "median time of the whole, seconds; 0 when skipped", at_least(0));
  v("p10_s", c.p10_s, "a tenth of the runs take less", at_least(0));
  v("p90_s", c.p90_s, "nine tenths take less", at_least(0));
  v("samples", c.samples, "timed runs", at_least(0));
  v("host_s", c.host_s, "time of the host to enqueue it", at_least(0));
  v("kernel_s", c.kernel_s, "time in which kernels ran", at_least(0));
  v("kernels", c.kernels, "kernels of one run", at_least(0));
  v("clock_mhz", c.clock_mhz, "clock of the processor", at_least(0));
  v("power_w", c.power_w, "power drawn", at_least(0));
  v("throttle", c.throttle, "what held the clock down");
  v("skipped", c.skipped, "why there is no time");
  v("steps", c.steps, "operators in order");
}

/// Times one composition on one rank; a failure comes back as `skipped`.
CompositionRecord measure_composition(Backend& backend, const Composition& composition,
                                      const StoppingRule& rule, const Clock& clock);

/// One line with its end. `parse_records` reads a whole file, dropping a last line without end.
std::string record_line(const CompositionRecord& record);
std::vector<CompositionRecord> parse_records(const std::string& text, const std::string& place);

/// Time of the whole by a cost model, when the composition runs again and again: each operand is as far away
/// as the bytes touched since its tensor was last used, and the time is averaged over the operands by their
/// bytes. Throws ScenarioError when a step is no operator.
Seconds predict(const CompositionRecord& record, const cost::CostModel& costs);

/// Columns of composition_table, in order.
std::vector<ColumnHelp> composition_columns();
/// A table for one screen. Where the model lacks an operator the line says so instead of a prediction.
std::string composition_table(const std::vector<CompositionRecord>& records, const cost::CostModel& costs);

}  // namespace orrery::calibrate
