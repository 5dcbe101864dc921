// The table of a SelfSgdScore for people, and the same figures as JSON.
#include <fmt/format.h>

#include "sim/base/json_io.hpp"
#include "validate/self_sgd_score.hpp"

namespace orrery::validate {
namespace {

std::string seconds_or_dash(const std::optional<double>& time) {
  return time ? fmt::format("{:.2f}", *time) : "-";
}

std::string row_text(const SelfSgdVariantScore& v) {
  const std::string range =
      v.target_high_s > 0.0 ? fmt::format("{:.1f}-{:.1f}", v.target_low_s, v.target_high_s) : "-";
  return fmt::format(
      "{:<18} {:>7.2f} {:>7.2f} {:>+5.1f}{} {:>+5.1f} {:>4.1f} {:>6.3f} {:>6.3f} {:>+6.3f}{} {:>5.3f} {:>4.0f} {:>4.0f} "
      "{:>5.1f} {:>6} {:>6} {:>9}\n",
      v.label, v.measured_updates, v.predicted_updates, v.updates_error * 100, v.updates_ok ? " " : "!",
      v.twin_updates_error * 100, v.noise * 100, v.measured_staleness, v.predicted_staleness, v.staleness_error,
      v.staleness_ok ? " " : "!", v.ks, 100.0 * v.points_inside / v.points, v.expected_inside * 100,
      v.twin_loss_error * 100, seconds_or_dash(v.measured_target_s), seconds_or_dash(v.predicted_target_s), range);
}

Json optional_json(const std::optional<double>& value) {
  return value ? Json(*value) : Json(nullptr);
}

}  // namespace

std::string self_sgd_score_text(const SelfSgdScore& score) {
  const SelfSgdCalibration& c = score.calibration;
  std::string text = fmt::format(
      "beside its compute time a mini-batch takes {:.0f} us: {:.0f} until the gradient is sent, {:.0f} until the answer is "
      "read;\ncalibration runs differ by {:.1f} %. A gradient takes {:.1f} us (inside the compute time), an update {:.1f} "
      "us.\n\n",
      c.overhead_s * 1e6, c.late_s * 1e6, c.reply_s * 1e6, c.spread * 100, c.gradient_s * 1e6, c.update_s * 1e6);
  text += fmt::format("{:<18} {:^34} {:^28} {:^15} {}\n", "", "updates/s", "mean staleness, KS distance",
                      "loss: in band", fmt::format("time to loss {:.3g}, s", score.target_loss));
  text += fmt::format("{:<18} {:>7} {:>7} {:>5}  {:>5} {:>4} {:>6} {:>6} {:>6}  {:>5} {:>4} {:>4} {:>5} {:>6} {:>6} {:>9}\n",
                      "variant", "real", "simul.", "err%", "twin%", "+-%", "real", "simul.", "err", "KS", "%", "exp.",
                      "twin%", "real", "simul.", "range");
  for (const SelfSgdVariantScore& v : score.variants) text += row_text(v);
  text += fmt::format(
      "\n! outside the goal of 5 %   twin: the simulated runs with the seeds of the real ones   +-: real runs against "
      "their\ntwins, largest over smallest   exp.: share inside of a simulated run against the other ones\n"
      "Loss curves: {:.0f} % of the points inside the 95 % band of 10 simulated runs ({:.0f} % expected of an exact "
      "prediction);\n{} of {} runs wholly inside. Decisions: {} of {} runs replayed from their arrivals to the same hash.\n",
      score.in_band * 100, score.expected_in_band * 100, score.curves_inside, score.curves, score.replayed, score.runs);
  for (const std::string& contradiction : score.contradictions) text += "does not replay: " + contradiction + "\n";
  return text + "headline: " + score.verdict + "\n";
}

std::string self_sgd_score_json(const SelfSgdScore& score) {
  Json variants = Json::array();
  for (const SelfSgdVariantScore& v : score.variants) {
    variants.push_back({{"variant", v.label},
                        {"runs", v.runs},
                        {"measured_updates_per_s", v.measured_updates},
                        {"predicted_updates_per_s", v.predicted_updates},
                        {"updates_error", v.updates_error},
                        {"twin_updates_error", v.twin_updates_error},
                        {"noise", v.noise},
                        {"measured_staleness", v.measured_staleness},
                        {"predicted_staleness", v.predicted_staleness},
                        {"staleness_error", v.staleness_error},
                        {"ks_distance", v.ks},
                        {"points", v.points},
                        {"points_inside", v.points_inside},
                        {"expected_inside", v.expected_inside},
                        {"curves_inside", v.curves_inside},
                        {"twin_loss_error", v.twin_loss_error},
                        {"measured_target_s", optional_json(v.measured_target_s)},
                        {"predicted_target_s", optional_json(v.predicted_target_s)},
                        {"predicted_target_range_s", {v.target_low_s, v.target_high_s}}});
  }
  const Json root = {{"passed", score.passed},
                     {"calibration", write_json(score.calibration)},
                     {"target_loss", score.target_loss},
                     {"in_band", score.in_band},
                     {"expected_in_band", score.expected_in_band},
                     {"curves", score.curves},
                     {"curves_inside", score.curves_inside},
                     {"runs", score.runs},
                     {"replayed", score.replayed},
                     {"variants", variants}};
  return root.dump(2) + "\n";
}

}  // namespace orrery::validate
