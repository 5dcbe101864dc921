#include "calibrate/timed_collective.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>

#include "calibrate/backends/cpu/arena.hpp"
#include "calibrate/backends/cpu/cpu_backend.hpp"

namespace orrery::cpu {
namespace {

/// This machine's memory and its steady clock: a collective that has returned is done.
class HostMedium : public calibrate::CollectiveMedium {
 public:
  explicit HostMedium(std::size_t elements_max)
      : arena_(Arena::footprint(elements_max * sizeof(float)) * 2) {}

  std::span<float> take(std::size_t count) override { return arena_.take_array<float>(count); }

  void fill(std::span<float> target, std::span<const float> pattern) override {
    for (std::size_t i = 0; i < target.size(); i += pattern.size()) {
      std::memcpy(target.data() + i, pattern.data(),
                  std::min(pattern.size(), target.size() - i) * sizeof(float));
    }
  }

  void start() override { start_ = std::chrono::steady_clock::now(); }

  Seconds stop() override {
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start_;
    return Seconds(time.count()) - clock_overhead();
  }

 private:
  Arena arena_;
  std::chrono::steady_clock::time_point start_;
};

}  // namespace

std::unique_ptr<calibrate::TimedOp> timed_collective(const cost::CollectiveCase& collective,
                                                     std::unique_ptr<calibrate::Communicator> group) {
  auto medium = std::make_unique<HostMedium>(calibrate::collective_buffer_elements(collective));
  return calibrate::timed_collective(collective, std::move(group), std::move(medium));
}

}  // namespace orrery::cpu
