#include "workloads/straggler/compute_times.hpp"

#include "sim/base/error.hpp"

namespace orrery::straggler {

ComputeTimes::ComputeTimes(const StragglerConfig& config, int learners, Seed seed) : config_(config) {
  SIM_ASSERT(learners >= 1, "compute times belong to at least one learner");
  SIM_ASSERT(!config_.distribution->refusal(), "the scenario refuses what is no distribution of compute times");
  for (int i = 0; i < learners; ++i) {
    const auto index = static_cast<std::uint64_t>(i);
    Learner learner{stream(seed, "compute time", index), stream(seed, "slow phase", index)};
    if (!config_.factors.empty()) learner.factor = config_.factors[index % config_.factors.size()];
    if (config_.slow_phases) {
      const SlowPhases& phases = *config_.slow_phases;
      learner.slow = learner.phases.bernoulli(phases.slow / (phases.normal + phases.slow));
      learner.phase_end = Seconds(learner.phases.exponential((learner.slow ? phases.slow : phases.normal).value()));
    }
    learners_.push_back(learner);
  }
}

Seconds ComputeTimes::draw(int learner, Seconds now) {
  Learner& l = learners_[static_cast<std::size_t>(learner)];
  Seconds time = config_.distribution->sample(l.times) * l.factor;
  if (!config_.slow_phases) return time;
  const SlowPhases& phases = *config_.slow_phases;
  while (l.phase_end <= now) {
    l.slow = !l.slow;
    l.phase_end += Seconds(l.phases.exponential((l.slow ? phases.slow : phases.normal).value()));
  }
  return l.slow ? time * phases.factor : time;
}

double ComputeTimes::factor(int learner) const {
  return learners_[static_cast<std::size_t>(learner)].factor;
}

}  // namespace orrery::straggler
