// The table of a NetlabScore for people, and the same figures as JSON.
#include <fmt/format.h>

#include "sim/base/json_io.hpp"
#include "validate/netlab_score.hpp"

namespace orrery::validate {
namespace {

std::string row_text(const NetlabCaseScore& c) {
  std::string text =
      fmt::format("{:<42} {:>9.3f} {:>5.1f}", case_name(c.what), c.measured_s * 1e3, c.noise * 100);
  if (!c.predicted_s) return text + fmt::format(" {:>9}\n", "-");
  return text + fmt::format(" {:>9.3f} {:>+6.1f} {:>+9.1f}\n", *c.predicted_s * 1e3, c.error * 100,
                            c.nominal_error.value_or(0) * 100);
}

}  // namespace

std::string netlab_score_text(const NetlabScore& score) {
  std::string text = fmt::format("{:<42} {:>9} {:>5} {:>9} {:>6} {:>9}\n", "", "measured", "noise",
                                 "predicted", "error", "bare rate");
  text += fmt::format("{:<42} {:>9} {:>5} {:>9} {:>6} {:>9}\n", "all-reduce by", "ms", "%", "ms", "%",
                      "error, %");
  for (const NetlabCaseScore& c : score.cases) text += row_text(c);
  text += fmt::format(
      "\nAbsolute error: median {:.1f} %, 90th percentile {:.1f} %, bias {:+.1f} %; of the bare link rate: "
      "median {:.1f} %\n",
      score.errors.median * 100, score.errors.p90 * 100, score.errors.bias * 100, score.nominal_median * 100);
  text += fmt::format("Noise of the repeats (half of the interquartile range): median {:.1f} %\n",
                      score.noise_median * 100);
  text += fmt::format(
      "Order of algorithms: {} pairs differ by more than the noise, {} predicted in the right order; {} "
      "pairs "
      "within the noise\n",
      score.pairs.size(), score.pairs_right, score.pairs_within_noise);
  for (const NetlabPair& pair : score.pairs) {
    if (pair.is_right) continue;
    text += fmt::format("  wrong: {} is {:.1f} % slower than {}\n", case_name(pair.slower),
                        (pair.ratio - 1) * 100, case_name(pair.faster));
  }
  return text + "headline: " + score.verdict + "\n";
}

std::string netlab_score_json(const NetlabScore& score) {
  Json cases = Json::array();
  for (const NetlabCaseScore& c : score.cases) {
    Json one = {{"case", case_name(c.what)}, {"measured_s", c.measured_s}, {"noise", c.noise}};
    if (c.predicted_s) {
      one["predicted_s"] = *c.predicted_s;
      one["error"] = c.error;
      one["nominal_error"] = c.nominal_error.value_or(0);
    }
    cases.push_back(one);
  }
  const Json root = {{"median_abs_error", score.errors.median},
                     {"p90_abs_error", score.errors.p90},
                     {"bias", score.errors.bias},
                     {"nominal_median_abs_error", score.nominal_median},
                     {"noise_median", score.noise_median},
                     {"pairs", score.pairs.size()},
                     {"pairs_right", score.pairs_right},
                     {"pairs_within_noise", score.pairs_within_noise},
                     {"passed", score.passed},
                     {"cases", cases}};
  return root.dump(2) + "\n";
}

}  // namespace orrery::validate
