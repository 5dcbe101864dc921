// Two-shot: rank j collects and adds block j from everybody directly (reduce-scatter), then gives the sum to everybody
// (all-gather). Two start-ups and no byte more than a ring: the best of both where everybody reaches everybody at full
// bandwidth, as over an NVSwitch. It is also the parameter server sharded over the workers themselves.
// Source: the two-shot kernels of NVIDIA TensorRT-LLM and vLLM ("custom all-reduce"); ASTRA-sim's "direct".
//
//   each half: alpha + (P-1)/P n beta (+ (P-1)/P n gamma where it adds)
#include "sim/collective/group.hpp"

namespace orrery::collective {
namespace {

struct TwoShotConfig {};
template <class V>
void fields(V&, TwoShotConfig&) {}

class TwoShot final : public Configured<Algorithm, TwoShot, TwoShotConfig> {
 public:
  std::optional<std::string> refusal(const PlanRequest& request) const override {
    return refuse_other_kinds(
        request, {CollectiveKind::all_reduce, CollectiveKind::reduce_scatter, CollectiveKind::all_gather});
  }

  Plan plan(const PlanRequest& request) const override {
    Plan plan = empty_plan(request, "two_shot", request.ranks);
    Channel& channel = plan.channels[0];
    const Group group = all_ranks(request.ranks);
    const bool adds = request.kind != CollectiveKind::all_gather;
    for (int from = 0; from < request.ranks; ++from) {
      for (int to = 0; to < request.ranks; ++to) {
        if (to == from) continue;
        if (adds) send(channel, group, 0, from, to, to, 1, Combine::add);
        if (request.kind == CollectiveKind::reduce_scatter) continue;
        send(channel, group, adds ? 1 : 0, from, to, from, 1, Combine::copy);
      }
    }
    return finished(std::move(plan));
  }

  std::optional<Seconds> closed_form(const PlanRequest& request, Bytes element,
                                     std::span<const Hockney> levels) const override {
    if (request.ranks == 1) return Seconds(0.0);
    const Hockney& h = levels.back();
    const Bytes moved = (request.ranks - 1.0) / request.ranks * buffer_of(request, element);
    const Seconds half = h.alpha + moved * h.beta;
    if (request.kind == CollectiveKind::all_gather) return half;
    return (request.kind == CollectiveKind::all_reduce ? 2.0 : 1.0) * half + moved * h.gamma;
  }
};

const bool registered = Algorithm::registry().add<TwoShot>(
    "two_shot", "each rank adds up one block of everybody, then gives it to everybody; for switches inside a node");

}  // namespace
}  // namespace orrery::collective
