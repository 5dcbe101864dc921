// Ring: the buffer is cut into P blocks that travel around a ring of the ranks, P-1 steps to add them up
// (reduce-scatter), P-1 to spread the sums (all-gather). Every link of the ring carries 2(P-1)/P of the buffer, the
// least that an all-reduce can do, so it is good for large buffers; its 2(P-1) start-ups make it bad for small ones.
// Source: Patarasu and Yuan, Bandwidth optimal all-reduce algorithms for clusters of workstations, JPDC 2009.
//
//   all-reduce                   2(P-1) alpha + 2(P-1)/P n beta + (P-1)/P n gamma
//   reduce-scatter, all-gather    (P-1) alpha +  (P-1)/P n beta (+ (P-1)/P n gamma where it adds)
//
// With more than one channel the blocks are cut further and the channels go around in alternating directions: twice as
// fast where both directions of a cable would idle half the time (a ring of full-duplex cables), no faster on a switch.
#include "sim/collective/algorithms/ring_phases.hpp"

namespace orrery::collective {
namespace {

struct RingConfig {
  int channels = 1;
};
template <class V>
void fields(V& v, RingConfig& c) {
  v("channels", c.channels, "rings at the same time, in alternating directions", between(1, 32));
}

class Ring final : public Configured<Algorithm, Ring, RingConfig> {
 public:
  std::optional<std::string> refusal(const PlanRequest& request) const override {
    return refuse_other_kinds(request, {CollectiveKind::all_reduce, CollectiveKind::reduce_scatter,
                                        CollectiveKind::all_gather});
  }

  Plan plan(const PlanRequest& request) const override {
    const int channels = config().channels;
    Plan plan = empty_plan(request, "ring", request.ranks * channels);
    plan.channels.resize(static_cast<std::size_t>(channels));
    const auto phases = request.kind == CollectiveKind::all_reduce ? 2u : 1u;
    check_transfers(std::int64_t{channels} * phases * request.ranks * (request.ranks - 1));
    for (int c = 0; c < channels; ++c) {
      Channel& channel = plan.channels[static_cast<std::size_t>(c)];
      Group group = all_ranks(request.ranks);
      group.first_slot = c;
      group.stride = channels;
      channel.transfers.reserve(phases * group.members.size() * group.members.size());
      add_phases(channel, group, request.kind);
      if (c % 2 == 1) turn_around(channel, request.ranks, channels, c);
    }
    return finished(std::move(plan));
  }

  std::optional<Seconds> closed_form(const PlanRequest& request, Bytes element,
                                     std::span<const Hockney> levels) const override {
    if (config().channels > 1) return std::nullopt;  // they share the ports
    const Hockney& h = levels.back();
    const double steps = request.ranks - 1;
    const Bytes block = buffer_of(request, element) / request.ranks;
    const Seconds gather = steps * (h.alpha + block * h.beta);
    const Seconds adding = steps * (block * h.gamma);
    if (request.kind == CollectiveKind::all_gather) return gather;
    return (request.kind == CollectiveKind::all_reduce ? 2.0 : 1.0) * gather + adding;
  }

 private:
  static void add_phases(Channel& channel, const Group& group, CollectiveKind kind) {
    // After the first half of an all-reduce rank r owns block r+1; a reduce-scatter must leave it with block r.
    switch (kind) {
      case CollectiveKind::reduce_scatter: ring_reduce_scatter(channel, group, 0, -1); break;
      case CollectiveKind::all_gather: ring_all_gather(channel, group, 0, 0); break;
      default: ring_all_gather(channel, group, ring_reduce_scatter(channel, group, 0, 0), 1);
    }
  }

  /// Rank i changes places with rank P-i, and so do their blocks.
  static void turn_around(Channel& channel, int ranks, int channels, int index) {
    const auto mirrored = [ranks](int i) { return (ranks - i) % ranks; };
    for (Transfer& t : channel.transfers) {
      t.from = mirrored(t.from);
      t.to = mirrored(t.to);
      t.source = t.target = mirrored(t.source / channels) * channels + index;
    }
  }
};

const bool registered = Algorithm::registry().add<Ring>(
    "ring", "blocks travel around a ring of the ranks (Patarasu and Yuan 2009); best for large buffers");

}  // namespace
}  // namespace orrery::collective
