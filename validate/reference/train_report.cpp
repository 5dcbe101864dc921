#include "validate/reference/train_report.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "sim/base/unit_text.hpp"

namespace orrery::reference {
namespace {

std::string time_text(double seconds) {
  return human(Seconds(seconds));
}

double mean_of_last(const std::vector<double>& values, std::size_t count) {
  double sum = 0.0;
  for (std::size_t i = values.size() - count; i < values.size(); ++i) sum += values[i];
  return sum / static_cast<double>(count);
}

std::string learning(const TrainRun& run) {
  const std::size_t last = std::min<std::size_t>(10, run.losses.size());
  const double loss = mean_of_last(run.losses, last);
  std::string text = fmt::format("{:<16}{:.4g} -> {:.4g} nats (mean of the last {} of {} steps){}\n",
                                 "training loss", run.losses.front(), loss, last, run.losses.size(),
                                 std::isfinite(loss) ? "" : "; it diverged: lower the learning rate");
  if (run.test) {
    text += fmt::format("{:<16}loss {:.4g} nats, accuracy {:.2f} % of {} labels\n", "test split",
                        run.test->loss, 100.0 * run.test->accuracy, run.test->labels);
  }
  if (run.bigram_entropy) {
    const double scored = run.test ? run.test->loss : loss;
    text += fmt::format("{:<16}{:.4g} nats; the model is {} it\n", "bigram entropy", *run.bigram_entropy,
                        scored < *run.bigram_entropy ? "below" : "not below");
  }
  return text;
}

std::string times(const TrainRun& run) {
  const RunSummary summary = summarise(run);
  std::string text = fmt::format("{:<16}{} median, {} .. {} (10 % .. 90 % of {} steps)\n", "step time",
                                 time_text(summary.median), time_text(summary.p10), time_text(summary.p90),
                                 summary.steps.size());
  const StepParts& parts = summary.parts;
  for (const auto& [name, seconds] : {std::pair{"input", parts.input},
                                      {"forward", parts.forward},
                                      {"backward", parts.backward},
                                      {"communication", parts.communication},
                                      {"waiting", parts.waiting},
                                      {"update", parts.update}}) {
    text += fmt::format("  {:<14}{:>9}  {:>5.1f} %\n", name, time_text(seconds),
                        100.0 * seconds / summary.median);
  }
  return text + fmt::format("{:<16}{:.4g} /s\n", "samples", summary.samples_per_s);
}

}  // namespace

std::string report_text(const TrainRun& run) {
  return fmt::format("{}, {} parameters, {} rank{}, batch {}; {}\n\n", run.model_name, run.parameters,
                     run.ranks, run.ranks == 1 ? "" : "s", run.config.batch, run.data_description) +
         learning(run) + times(run);
}

}  // namespace orrery::reference
