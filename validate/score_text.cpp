// The table of a Score for people, and the same figures as JSON.
#include <fmt/format.h>

#include <cmath>

#include "sim/base/json_io.hpp"
#include "validate/score.hpp"

namespace orrery::validate {
namespace {

/// "+4.2" from 0.042; "-" where nothing was measured.
std::string percent(double predicted, double measured) {
  if (measured <= 0.0) return "-";
  return fmt::format("{:+.1f}", (predicted / measured - 1.0) * 100.0);
}

std::string row_text(const ConfigScore& c) {
  const Components& p = c.predicted.components;
  const Components& m = c.measured;
  const bool alone = c.predicted.ranks < 2;
  return fmt::format(
      "{:<22} {:>8.3f} {:>7.3f}-{:<8.3f} {:>8.3f} {:>7.3f}-{:<8.3f}{} {:>+6.1f}{} {:>6} {:>6} {:>6} {:>6}\n",
      c.predicted.config, c.measured_s * 1e3, c.p10_s * 1e3, c.p90_s * 1e3, c.predicted.step_s * 1e3,
      c.predicted.low_s * 1e3, c.predicted.high_s * 1e3, c.covered ? " " : "!", c.error * 100.0,
      c.inside_grid ? " " : "x", percent(p.forward_s, m.forward_s), percent(p.backward_s, m.backward_s),
      alone ? "-" : percent(p.communication_s, m.communication_s), percent(p.update_s, m.update_s));
}

std::string accuracy_text(const char* what, const ErrorSummary& a) {
  if (a.count == 0) return "";
  return fmt::format(
      "  {:<26} {:>3} configurations: median {:>5.1f} %, 90th percentile {:>5.1f} %, bias {:>+5.1f} %\n",
      what, a.count, a.median * 100, a.p90 * 100, a.bias * 100);
}

Json accuracy_json(const ErrorSummary& a) {
  return {{"count", a.count}, {"median_abs_error", a.median}, {"p90_abs_error", a.p90}, {"bias", a.bias}};
}

Json components_json(const Components& c) {
  return write_json(c);
}

}  // namespace

std::string score_text(const Score& score) {
  std::string text = fmt::format("{:<22} {:>8} {:^16} {:>8} {:^16}  {:>6}  {}\n", "", "measured", "10 %-90 %",
                                 "predict.", "80 % interval", "error", "error of the parts, %");
  text += fmt::format("{:<22} {:>8} {:^16} {:>8} {:^16}  {:>6}  {:>6} {:>6} {:>6} {:>6}\n", "configuration",
                      "ms", "ms", "ms", "ms", "%", "fwd", "bwd", "comm", "update");
  for (const ConfigScore& config : score.configs) text += row_text(config);
  text +=
      "\n! measured median outside the interval   x more than a tenth of the time outside the calibrated "
      "region\n\n";
  text += "Absolute error of the step time\n";
  text += accuracy_text("all", score.all);
  text += accuracy_text("inside the calibration", score.inside_grid);
  text += accuracy_text("outside the calibration", score.outside_grid);
  text += accuracy_text("mlp", score.mlp);
  text += accuracy_text("gpt", score.gpt);
  text += fmt::format("  80 % intervals cover {:.0f} % of the measured medians\n", score.coverage * 100);
  if (score.repeated > 0) {
    text += fmt::format(
        "  noise floor: two identical real runs differ by {:.1f} % (median of {}), {:.1f} % (90th "
        "percentile)\n",
        score.noise_median * 100, score.repeated, score.noise_p90 * 100);
  }
  return text + "\n" + score.verdict + "\n";
}

std::string score_json(const Score& score) {
  Json root;
  root["passed"] = score.passed;
  root["verdict"] = score.verdict;
  root["all"] = accuracy_json(score.all);
  root["inside_calibration"] = accuracy_json(score.inside_grid);
  root["outside_calibration"] = accuracy_json(score.outside_grid);
  root["mlp"] = accuracy_json(score.mlp);
  root["gpt"] = accuracy_json(score.gpt);
  root["coverage"] = score.coverage;
  root["noise_floor"] = {{"count", score.repeated}, {"median", score.noise_median}, {"p90", score.noise_p90}};
  root["configurations"] = Json::array();
  for (const ConfigScore& c : score.configs) {
    root["configurations"].push_back({{"config", c.predicted.config},
                                      {"measured_s", c.measured_s},
                                      {"measured_p10_s", c.p10_s},
                                      {"measured_p90_s", c.p90_s},
                                      {"predicted_s", c.predicted.step_s},
                                      {"low_s", c.predicted.low_s},
                                      {"high_s", c.predicted.high_s},
                                      {"error", c.error},
                                      {"covered", c.covered},
                                      {"inside_calibration", c.inside_grid},
                                      {"repeat_difference", c.repeat},
                                      {"measured", components_json(c.measured)},
                                      {"predicted", components_json(c.predicted.components)}});
  }
  return root.dump(2) + "\n";
}

}  // namespace orrery::validate
