// The state of a training run between two steps, in one file: enough to go on to the bit-identical losses.
// The sample order and the initial weights follow from the seed, so the position in them is the step alone.
//
// Layout: a line "orrery-checkpoint 1 <bytes of header> <crc32 of all that follows>", the header as JSON,
// then fp32 values: weights and optimizer states, each as long as the header says.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "validate/reference/train_config.hpp"

namespace orrery::reference {

struct Checkpoint {
  /// Everything that decides the losses, as (path, value): configuration without the number of steps, rank
  /// count, checksum of the data.
  std::map<std::string, std::string> identity;
  std::int64_t step = 0;                    ///< next step to run
  std::vector<double> losses;               ///< of all steps before it
  std::vector<std::vector<float>> buffers;  ///< flat weights, then optimizer states
};

std::map<std::string, std::string> run_identity(const TrainConfig& config, int ranks,
                                                std::uint32_t data_checksum);

/// Writes a temporary file beside `path`, flushes it to disk and renames it: under `path` there is always a
/// whole checkpoint, the old one or the new one. Throws BackendError.
void write_checkpoint(const std::string& path, const Checkpoint& checkpoint);

/// Throws ScenarioError when the file is missing, no checkpoint, damaged or cut off.
Checkpoint read_checkpoint(const std::string& path);

/// Throws ScenarioError naming the first thing in which the checkpoint's run differs from this one.
void check_identity(const Checkpoint& checkpoint, const std::map<std::string, std::string>& identity,
                    const std::string& path);

}  // namespace orrery::reference
