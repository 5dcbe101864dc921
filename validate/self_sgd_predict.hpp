// `validate self-sgd` by the simulator: ten seeds of each variant, which make the band, and the very seeds that the real
// runs will have, which take the luck of the draw out of the comparison. Sealed before the scored runs start, as the
// predictions of self-train are.
//
// What the machine takes beside the compute times is one constant per mini-batch, the mean of the calibration runs:
//
//   r = (end of the compute time until the gradient is sent) + (sending it until the answer is read)
//
// It is simulated as compute time, with free communication: each mini-batch is followed by one gradient and one answer,
// whatever the variant.
#pragma once

#include <string>
#include <vector>

#include "validate/self_sgd.hpp"

namespace orrery::validate {

constexpr int kPredictedSeeds = 10;

struct SelfSgdCalibration {
  double overhead_s = 0;
  double late_s = 0, reply_s = 0, gradient_s = 0, update_s = 0;
  double spread = 0;
};
template <class V>
void fields(V& v, SelfSgdCalibration& c) {
  v("overhead_s", c.overhead_s, "r: what a mini-batch takes beside its compute time");
  v("late_s", c.late_s, "of it, from the end of the compute time until the gradient is sent");
  v("reply_s", c.reply_s, "of it, from sending the gradient until the answer is read");
  v("gradient_s", c.gradient_s, "computing one gradient (inside the compute time)");
  v("update_s", c.update_s, "adding one gradient to the model (inside the reply)");
  v("spread", c.spread, "largest over smallest r of the calibration runs, less 1");
}

struct SelfSgdPrediction {
  Registered<sync::Variant> variant{"sync"};
  std::vector<SgdOutcome> band;  ///< seeds 1 to kPredictedSeeds
  std::vector<SgdOutcome> twins; ///< of the real runs: the same seeds
};
template <class V>
void fields(V& v, SelfSgdPrediction& c) {
  v("variant", c.variant, "who waits for whom", required());
  v("band", c.band, "simulated runs with seeds that no real run has", required());
  v("twins", c.twins, "simulated runs with the seeds of the real runs");
}

struct SelfSgdPredictions {
  SelfSgdSetting setting;
  SelfSgdCalibration calibration;
  double target_loss = 0;
  std::vector<SelfSgdPrediction> predictions;
};
template <class V>
void fields(V& v, SelfSgdPredictions& c) {
  v("setting", c.setting, "what all runs share", required());
  v("calibration", c.calibration, "from the calibration runs");
  v("target_loss", c.target_loss, "whose time is compared: the slowest variant is predicted to reach it at 3/4 of a run");
  v("predictions", c.predictions, "one per variant", required());
}

/// Throws ScenarioError when there is no run.
SelfSgdCalibration calibrate_self_sgd(const std::vector<SelfSgdRun>& runs);
SgdOutcome simulate_self_sgd(const SelfSgdSetting& setting, const SelfSgdCalibration& calibration,
                             const SelfSgdTask& task);
SelfSgdPredictions predict_self_sgd(const SelfSgdSetting& setting, const SelfSgdCalibration& calibration,
                                    const std::vector<SelfSgdTask>& tasks);

/// When the loss first fell to `target`, linear between moments; none: not within the run.
std::optional<double> time_to_loss(const std::vector<double>& losses, double run_s, double target);

}  // namespace orrery::validate
