#include "calibrate/local_communicator.hpp"

#include <algorithm>

#include "sim/base/error.hpp"

namespace orrery::calibrate {

void LocalCommunicator::reduce_scatter_sum(std::span<const float> input, std::span<float> output) {
  SIM_ASSERT(input.size() == output.size(), "reduce-scatter sizes do not fit one rank");
  std::copy(input.begin(), input.end(), output.begin());
}

void LocalCommunicator::all_gather(std::span<const float> input, std::span<float> output) {
  SIM_ASSERT(input.size() == output.size(), "all-gather sizes do not fit one rank");
  std::copy(input.begin(), input.end(), output.begin());
}

void LocalCommunicator::send(std::span<const std::byte>, int) {
  SIM_ASSERT(false, "a rank alone cannot send");
}

void LocalCommunicator::receive(std::span<std::byte>, int) {
  SIM_ASSERT(false, "a rank alone cannot receive");
}

std::unique_ptr<Communicator> LocalCommunicator::first_ranks(int count) {
  SIM_ASSERT(count == 1, "a rank alone has no larger group");
  return std::make_unique<LocalCommunicator>();
}

}  // namespace orrery::calibrate
