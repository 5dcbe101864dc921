#include "calibrate/speed.hpp"

#include <cmath>
#include <map>

#include "sim/base/stats.hpp"

namespace orrery::calibrate {

cost::SpeedRatios measure_speed(const cost::Profile& profile, Backend& backend, const Clock& clock,
                                int rounds, double visit_s) {
  std::map<std::string, std::vector<double>> log_ratios;
  StoppingRule rule;
  rule.max_time_s = visit_s;
  rule.min_samples = 3;
  for (int round = 0; round < rounds; ++round) {
    for (const cost::Anchor& anchor : profile.anchors) {
      const Case subject = parse_case(anchor.class_name, anchor.shape);
      const auto* collective = std::get_if<cost::CollectiveCase>(&subject);
      const int ranks_needed = collective != nullptr ? collective->ranks : anchor.ranks_busy;
      if (ranks_needed > backend.ranks()) continue;
      const Measurement now =
          measure(backend, subject, {anchor.ranks_busy, anchor.reuse_distance}, rule, clock);
      // Rank 0 holds the measurement; on the others the median is 0 or their own.
      const double seconds = backend.max_over_ranks(backend.rank() == 0 ? now.times.median_s : 0.0);
      log_ratios[anchor.aspect].push_back(std::log(seconds / anchor.median.value()));
    }
  }
  cost::SpeedRatios ratios;
  const auto ratio_of = [&log_ratios](const char* aspect) {
    return log_ratios.count(aspect) > 0 ? std::exp(median(log_ratios[aspect])) : 1.0;
  };
  ratios.compute = ratio_of("compute");
  ratios.memory = ratio_of("memory");
  ratios.small = ratio_of("small");
  ratios.communication = ratio_of("communication");
  return ratios;
}

}  // namespace orrery::calibrate
