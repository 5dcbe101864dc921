// Halving-doubling (Rabenseifner): a reduce-scatter in which ranks at halving distances exchange halves of what they
// still work on, then an all-gather at doubling distances. As few bytes as a ring with log P start-ups, but far-away
// partners exchange the largest parts, which needs full bisection bandwidth. Other numbers of ranks are folded
// (all-reduce only).
// Source: Rabenseifner, Optimization of collective reduction operations, 2004; Thakur et al. 2005.
//
//   all-reduce   2 log2 P alpha + 2(P-1)/P n beta + (P-1)/P n gamma  [+ 2 (alpha + n beta) + n gamma with a fold]
//   its halves   half of the first two terms; gamma in the reduce-scatter
#include "sim/collective/algorithms/fold.hpp"

namespace orrery::collective {
namespace {

struct HalvingDoublingConfig {};
template <class V>
void fields(V&, HalvingDoublingConfig&) {}

class HalvingDoubling final : public Configured<Algorithm, HalvingDoubling, HalvingDoublingConfig> {
 public:
  std::optional<std::string> refusal(const PlanRequest& request) const override {
    if (request.kind != CollectiveKind::all_reduce && !is_power_of_two(request.ranks)) {
      return "needs a power of two ranks for " + name(request.kind) + ", not " + std::to_string(request.ranks);
    }
    return refuse_other_kinds(
        request, {CollectiveKind::all_reduce, CollectiveKind::reduce_scatter, CollectiveKind::all_gather});
  }

  Plan plan(const PlanRequest& request) const override {
    const Fold fold(request.ranks);
    const Group& core = fold.core();
    const int blocks = core.size();
    Plan plan = empty_plan(request, "halving_doubling", blocks);
    Channel& channel = plan.channels[0];
    int step = fold.add_before(channel, 0, blocks);
    const auto exchange = [&](int distance, Combine combine) {
      for (int i = 0; i < blocks; ++i) {
        const int partner = i ^ distance, part = combine == Combine::add ? partner : i;
        send(channel, core, step, i, partner, part & ~(distance - 1), distance, combine);
      }
      ++step;
    };
    if (request.kind != CollectiveKind::all_gather) {
      for (int distance = blocks / 2; distance >= 1; distance /= 2) exchange(distance, Combine::add);
    }
    if (request.kind != CollectiveKind::reduce_scatter) {
      for (int distance = 1; distance < blocks; distance *= 2) exchange(distance, Combine::copy);
    }
    fold.add_after(channel, step, blocks);
    return finished(std::move(plan));
  }

  std::optional<Seconds> closed_form(const PlanRequest& request, Bytes element,
                                     std::span<const Hockney> levels) const override {
    const Hockney& h = levels.back();
    const Bytes n = buffer_of(request, element);
    const double rounds = log2_floor(request.ranks), core = 1 << log2_floor(request.ranks);
    const Bytes moved = (core - 1.0) / core * n;
    const Seconds half = rounds * h.alpha + moved * h.beta;
    if (request.kind == CollectiveKind::all_gather) return half;
    if (request.kind == CollectiveKind::reduce_scatter) return half + moved * h.gamma;
    return 2.0 * half + moved * h.gamma + Fold(request.ranks).time(n, h);
  }
};

const bool registered = Algorithm::registry().add<HalvingDoubling>(
    "halving_doubling", "halves exchanged at halving, then doubling distances (Rabenseifner 2004)");

}  // namespace
}  // namespace orrery::collective
