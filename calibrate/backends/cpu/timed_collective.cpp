#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <vector>

#include "calibrate/backends/cpu/cpu_backend.hpp"
#include "calibrate/backends/cpu/kernels/arena.hpp"
#include "calibrate/backends/cpu/kernels/timed_kernel.hpp"
#include "sim/base/error.hpp"
#include "sim/base/rng.hpp"

namespace orrery::cpu {
namespace {

using Clock = std::chrono::steady_clock;
using Communicator = calibrate::Communicator;

/// The buffers of one collective, as many numbers as its kind needs.
struct Buffers {
  std::span<float> input, output;
};

/// A kind of collective: which share of S the two buffers hold on n ranks, and what is called.
struct Kind {
  cost::CollectiveKind kind;
  bool output_needed;
  bool input_is_share, output_is_share;  ///< holds S/n instead of S
  void (*call)(Communicator&, const Buffers&);
};

/// A message from rank 0 to rank 1 and back; ranks from 2 on look on.
void ping_pong(Communicator& group, const Buffers& b) {
  if (group.rank() == 0) {
    group.send(std::as_bytes(b.input), 1);
    group.receive(std::as_writable_bytes(b.input), 1);
  } else if (group.rank() == 1) {
    group.receive(std::as_writable_bytes(b.input), 0);
    group.send(std::as_bytes(b.input), 0);
  }
}

const std::array<Kind, 6> kKinds{{
    {cost::CollectiveKind::all_reduce, false, false, false,
     [](Communicator& g, const Buffers& b) { g.all_reduce_sum(b.input); }},
    {cost::CollectiveKind::reduce_scatter, true, false, true,
     [](Communicator& g, const Buffers& b) { g.reduce_scatter_sum(b.input, b.output); }},
    {cost::CollectiveKind::all_gather, true, true, false,
     [](Communicator& g, const Buffers& b) { g.all_gather(b.input, b.output); }},
    {cost::CollectiveKind::broadcast, false, false, false,
     [](Communicator& g, const Buffers& b) { g.broadcast(std::as_writable_bytes(b.input), 0); }},
    {cost::CollectiveKind::point_to_point, false, false, false, ping_pong},
    {cost::CollectiveKind::barrier, false, false, false,
     [](Communicator& g, const Buffers&) { g.barrier(); }},
}};

const Kind& kind_of(cost::CollectiveKind kind) {
  const auto found =
      std::find_if(kKinds.begin(), kKinds.end(), [&](const Kind& k) { return k.kind == kind; });
  SIM_ASSERT(found != kKinds.end(), "a collective kind that the CPU backend does not know");
  return *found;
}

std::size_t elements(const cost::CollectiveCase& collective) {
  return static_cast<std::size_t>(collective.bytes.value()) / sizeof(float);
}

/// S/n, at least one element of a buffer that is not empty.
std::size_t share_of(const cost::CollectiveCase& collective) {
  const std::size_t whole = elements(collective);
  return whole == 0 ? 0 : std::max<std::size_t>(1, whole / static_cast<std::size_t>(collective.ranks));
}

class TimedCollective : public calibrate::TimedOp {
 public:
  TimedCollective(const cost::CollectiveCase& collective, std::unique_ptr<Communicator> group)
      : kind_(kind_of(collective.kind)),
        group_(std::move(group)),
        share_(share_of(collective)),
        whole_(std::max(share_ * static_cast<std::size_t>(collective.ranks), elements(collective))),
        arena_(Arena::footprint(whole_ * sizeof(float)) * 2) {
    // Reduce-scatter and all-gather move n equal shares.
    const bool in_shares = kind_.input_is_share || kind_.output_is_share;
    const std::size_t used =
        in_shares ? share_ * static_cast<std::size_t>(collective.ranks) : elements(collective);
    buffers_.input = arena_.take_array<float>(kind_.input_is_share ? share_ : used);
    if (kind_.output_needed)
      buffers_.output = arena_.take_array<float>(kind_.output_is_share ? share_ : used);
    refill();
  }

  Seconds run() override {
    if (!group_) return Seconds(0.0);
    // Sums in place double with each run: start again long before they overflow.
    if (++runs_ % 64 == 0) refill();
    group_->barrier();
    const auto start = Clock::now();
    kind_.call(*group_, buffers_);
    double time = std::chrono::duration<double>(Clock::now() - start).count() - clock_overhead().value();
    if (kind_.kind == cost::CollectiveKind::point_to_point) time /= 2.0;
    return Seconds(std::max(time, 1e-9));
  }

 private:
  void refill() {
    RngStream draws =
        stream(Seed{1}, "calibrate/collective", group_ ? static_cast<std::uint64_t>(group_->rank()) : 0);
    // Drawing is slower than sending, so large buffers repeat their first numbers.
    const std::span<float> all = buffers_.input;
    const std::size_t drawn = std::min<std::size_t>(all.size(), 1 << 14);
    for (float& value : all.first(drawn)) value = static_cast<float>(draws.uniform(0.1, 1.0));
    for (std::size_t i = drawn; i < all.size(); i += drawn) {
      std::memcpy(all.data() + i, all.data(), std::min(drawn, all.size() - i) * sizeof(float));
    }
  }

  const Kind& kind_;
  std::unique_ptr<Communicator> group_;
  std::size_t share_, whole_;  ///< elements of S/n and of S
  Arena arena_;
  Buffers buffers_;
  int runs_ = 0;
};

}  // namespace

std::unique_ptr<calibrate::TimedOp> timed_collective(const cost::CollectiveCase& collective,
                                                     std::unique_ptr<Communicator> group) {
  return std::make_unique<TimedCollective>(collective, std::move(group));
}

}  // namespace orrery::cpu
