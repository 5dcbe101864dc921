// Real work of `validate self-train` in processes of their own: each training run and the check of the
// machine's present speed starts this program again under mpirun, one pinned process per rank, exactly as
// calibration does. The child does one job and leaves its result in a file.
#pragma once

#include <optional>
#include <string>

#include "costmodel/profile.hpp"
#include "scenarios/scenario.hpp"
#include "validate/self_train.hpp"

namespace orrery::cli {

/// What a child process is asked to do; the words of its command line.
struct ChildJob {
  std::string job;     ///< "train" or "speed"; empty in the parent
  std::string input;   ///< scenario or profile
  std::string record;  ///< file to write
};

/// In a child: does the job on the ranks of this process. REQUIRES: started by the functions below.
void run_child(const ChildJob& job);

/// Steps at the start of each real run that are not timed.
constexpr std::int64_t kWarmUpSteps = 10;

/// Each run in a new process. Files between parent and child live in `folder`.
class ChildTrainer : public validate::RealTrainer {
 public:
  explicit ChildTrainer(std::string folder) : folder_(std::move(folder)) {}
  validate::MeasuredRun train(const scenario::Scenario& scenario) override;

 private:
  std::string folder_;
};

/// Measures the profile's anchors again on `ranks` processes, in a few seconds.
cost::SpeedRatios measure_present_speed(const std::string& profile_file, int ranks,
                                        const std::string& folder);

}  // namespace orrery::cli
