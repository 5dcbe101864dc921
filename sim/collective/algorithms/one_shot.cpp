// One-shot all-reduce: everybody sends the whole buffer to everybody and adds up what comes. One start-up, the shortest
// way for very small buffers inside a node; P-1 times the buffer through each port.
// Source: the one-shot kernels of NVIDIA TensorRT-LLM and vLLM ("custom all-reduce"); as a flat exchange in Chan et
// al. 2007.
//
//   alpha + (P-1) n beta + (P-1) n gamma
#include "sim/collective/group.hpp"

namespace orrery::collective {
namespace {

struct OneShotConfig {};
template <class V>
void fields(V&, OneShotConfig&) {}

class OneShot final : public Configured<Algorithm, OneShot, OneShotConfig> {
 public:
  std::optional<std::string> refusal(const PlanRequest& request) const override {
    return refuse_other_kinds(request, {CollectiveKind::all_reduce});
  }

  Plan plan(const PlanRequest& request) const override {
    Plan plan = empty_plan(request, "one_shot", 1);
    for (int from = 0; from < request.ranks; ++from) {
      for (int to = 0; to < request.ranks; ++to) {
        if (to != from) send_all(plan.channels[0], 0, from, to, 1, Combine::add);
      }
    }
    return finished(std::move(plan));
  }

  std::optional<Seconds> closed_form(const PlanRequest& request, Bytes element,
                                     std::span<const Hockney> levels) const override {
    if (request.ranks == 1) return Seconds(0.0);
    const Hockney& h = levels.back();
    const Bytes n = (request.ranks - 1.0) * buffer_of(request, element);
    return h.alpha + n * h.beta + n * h.gamma;
  }
};

const bool registered =
    Algorithm::registry().add<OneShot>("one_shot", "everybody sends everything to everybody; for very small buffers");

}  // namespace
}  // namespace orrery::collective
