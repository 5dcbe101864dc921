// The reference trainer: synchronous data-parallel training on this machine's cores, for real. It walks the
// same ModelGraph and the same bucket plan as the simulator: node by node, and after a bucket's last node the
// bucket is averaged over the ranks in place. A CPU rank has no engine of its own for communication, so an
// exchange blocks.
#pragma once

#include <cstdint>
#include <functional>

#include "calibrate/communicator.hpp"
#include "validate/reference/train_config.hpp"
#include "validate/reference/train_run.hpp"

namespace orrery::reference {

/// Called on rank 0 after each step with its number (from 0) and the loss of rank 0's samples.
using Progress = std::function<void(std::int64_t step, double loss)>;

/// What can be wrong in a configuration, found without training: an indivisible batch, missing or unfitting
/// data, a checkpoint of another run. Throws ScenarioError. Call it before ranks are launched, so that it is
/// reported once.
void check_config(const TrainConfig& config, const TrainOptions& options, int ranks);

/// Trains and returns the record: complete on rank 0; on other ranks without the logs and scores of other
/// ranks. No barrier is added to a step that a trainer would not have. Same configuration and rank count,
/// same losses bit for bit. Throws ScenarioError as check_config does, BackendError when MPI or a file fails.
TrainRun train(const TrainConfig& config, const TrainOptions& options, calibrate::Communicator& ranks,
               const Progress& progress = {});

}  // namespace orrery::reference
