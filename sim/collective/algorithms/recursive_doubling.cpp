// Recursive doubling: in step i each rank exchanges all it has with the one whose number differs in bit i. log2 P
// start-ups, the fewest possible, but in an all-reduce the whole buffer each time: good for small buffers. As
// all-gather it moves no more than a ring does. Other numbers of ranks are folded to a power of two first (all-reduce
// only).
// Source: Thakur, Rabenseifner and Gropp, Optimization of collective communication operations in MPICH, 2005.
//
//   all-reduce   log2 P (alpha + n beta + n gamma)  [+ 2 (alpha + n beta) + n gamma with a fold, P = the power of two]
//   all-gather   log2 P alpha + (P-1)/P n beta
#include "sim/collective/algorithms/fold.hpp"

namespace orrery::collective {
namespace {

struct RecursiveDoublingConfig {};
template <class V>
void fields(V&, RecursiveDoublingConfig&) {}

class RecursiveDoubling final : public Configured<Algorithm, RecursiveDoubling, RecursiveDoublingConfig> {
 public:
  std::optional<std::string> refusal(const PlanRequest& request) const override {
    if (request.kind == CollectiveKind::all_gather && !is_power_of_two(request.ranks)) {
      return "needs a power of two ranks for all_gather, not " + std::to_string(request.ranks);
    }
    return refuse_other_kinds(request, {CollectiveKind::all_reduce, CollectiveKind::all_gather});
  }

  Plan plan(const PlanRequest& request) const override {
    const bool gather = request.kind == CollectiveKind::all_gather;
    Plan plan = empty_plan(request, "recursive_doubling", gather ? request.ranks : 1);
    Channel& channel = plan.channels[0];
    const Fold fold(request.ranks);
    const Group& core = fold.core();
    int step = fold.add_before(channel, 0, 1);
    for (int distance = 1; distance < core.size(); distance *= 2, ++step) {
      for (int i = 0; i < core.size(); ++i) {
        if (gather) {
          send(channel, core, step, i, i ^ distance, i & ~(distance - 1), distance, Combine::copy);
        } else {
          send_all(channel, step, core.member(i), core.member(i ^ distance), 1, Combine::add);
        }
      }
    }
    fold.add_after(channel, step, 1);
    return finished(std::move(plan));
  }

  std::optional<Seconds> closed_form(const PlanRequest& request, Bytes element,
                                     std::span<const Hockney> levels) const override {
    const Hockney& h = levels.back();
    const Bytes n = buffer_of(request, element);
    const double rounds = log2_floor(request.ranks);
    if (request.kind == CollectiveKind::all_gather) {
      return rounds * h.alpha + (request.ranks - 1.0) / request.ranks * n * h.beta;
    }
    return rounds * (h.alpha + n * h.beta + n * h.gamma) + Fold(request.ranks).time(n, h);
  }
};

const bool registered = Algorithm::registry().add<RecursiveDoubling>(
    "recursive_doubling", "everybody exchanges everything at doubling distances; best for small buffers");

}  // namespace
}  // namespace orrery::collective
