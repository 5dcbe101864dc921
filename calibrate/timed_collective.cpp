#include "calibrate/timed_collective.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "sim/base/error.hpp"
#include "sim/base/rng.hpp"

namespace orrery::calibrate {
namespace {

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
  SIM_ASSERT(found != kKinds.end(), "a collective kind that cannot be timed");
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

class TimedCollective : public TimedOp {
 public:
  TimedCollective(const cost::CollectiveCase& collective, std::unique_ptr<Communicator> group,
                  std::unique_ptr<CollectiveMedium> medium)
      : kind_(kind_of(collective.kind)), group_(std::move(group)), medium_(std::move(medium)) {
    // Reduce-scatter and all-gather move n equal shares.
    const std::size_t share = share_of(collective);
    const bool in_shares = kind_.input_is_share || kind_.output_is_share;
    const std::size_t used =
        in_shares ? share * static_cast<std::size_t>(collective.ranks) : elements(collective);
    buffers_.input = medium_->take(kind_.input_is_share ? share : used);
    if (kind_.output_needed) buffers_.output = medium_->take(kind_.output_is_share ? share : used);
    refill();
  }

  Seconds run() override {
    if (!group_) return Seconds(0.0);
    // Sums in place double with each run: start again long before they overflow.
    if (++runs_ % 64 == 0) refill();
    group_->barrier();
    medium_->start();
    kind_.call(*group_, buffers_);
    double time = medium_->stop().value();
    if (kind_.kind == cost::CollectiveKind::point_to_point) time /= 2.0;
    return Seconds(std::max(time, 1e-9));
  }

 private:
  void refill() {
    // Drawing is slower than sending, so large buffers repeat their first numbers.
    std::vector<float> drawn(std::min<std::size_t>(buffers_.input.size(), 1 << 14));
    if (drawn.empty()) return;
    RngStream draws =
        stream(Seed{1}, "calibrate/collective", group_ ? static_cast<std::uint64_t>(group_->rank()) : 0);
    for (float& value : drawn) value = static_cast<float>(draws.uniform(0.1, 1.0));
    medium_->fill(buffers_.input, drawn);
  }

  const Kind& kind_;
  std::unique_ptr<Communicator> group_;
  std::unique_ptr<CollectiveMedium> medium_;
  Buffers buffers_;
  int runs_ = 0;
};

}  // namespace

std::size_t collective_buffer_elements(const cost::CollectiveCase& collective) {
  return std::max(share_of(collective) * static_cast<std::size_t>(collective.ranks), elements(collective));
}

std::unique_ptr<TimedOp> timed_collective(const cost::CollectiveCase& collective,
                                          std::unique_ptr<Communicator> group,
                                          std::unique_ptr<CollectiveMedium> medium) {
  return std::make_unique<TimedCollective>(collective, std::move(group), std::move(medium));
}

}  // namespace orrery::calibrate
