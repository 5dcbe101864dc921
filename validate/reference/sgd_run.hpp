// A run of the reference parameter server on the ranks of this program: rank 0 serves, the others learn. Ranks that wait
// sleep: there are more of them than cores, and one that spins would keep the others from computing.
#pragma once

#include <optional>
#include <string>

#include "calibrate/communicator.hpp"
#include "calibrate/point_to_point.hpp"
#include "validate/reference/sgd_record.hpp"

namespace orrery::reference {

/// A collective call over learners + 1 ranks. `data` is what the problem needs; null where it needs none. On rank 0: the
/// record. REQUIRES: the variant does not refuse the learners, the problem does not refuse the data.
std::optional<SgdRun> run_parameter_server(const SgdConfig& config, const learn::Dataset* data,
                                           calibrate::Communicator& world, calibrate::PointToPoint& messages);

/// Why this cannot be run for real on so many ranks; nothing when it can.
std::optional<std::string> refusal(const SgdConfig& config, const learn::Dataset* data);

}  // namespace orrery::reference
