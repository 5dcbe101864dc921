// Pairwise all-to-all: in step k each rank sends its block for the rank k places to the right and receives from the
// one k places to the left. Each block travels once, and no port ever has two messages: good for large blocks; P-1
// start-ups. Also for unequal blocks (all-to-all-v), where a pair that has nothing to send sends nothing.
// Source: Thakur, Rabenseifner and Gropp, Optimization of collective communication operations in MPICH, 2005.
//
//   (P-1) (alpha + n/P beta)     n = what one rank holds for all; with unequal blocks no closed form
#include "sim/collective/group.hpp"

namespace orrery::collective {
namespace {

struct PairwiseConfig {};
template <class V>
void fields(V&, PairwiseConfig&) {}

class Pairwise final : public Configured<Algorithm, Pairwise, PairwiseConfig> {
 public:
  std::optional<std::string> refusal(const PlanRequest& request) const override {
    return refuse_other_kinds(request, {CollectiveKind::all_to_all});
  }

  Plan plan(const PlanRequest& request) const override {
    const int ranks = request.ranks;
    Plan plan = empty_plan(request, "pairwise", ranks);
    plan.layout = request.counts.empty() ? SlotLayout::all_to_all_even(request.elements, ranks)
                                         : SlotLayout::all_to_all(request.counts, ranks);
    Channel& channel = plan.channels[0];
    for (int k = 0; k < ranks; ++k) {
      const int step = k == 0 ? 0 : k - 1;  // what stays at home moves beside the first messages
      for (int from = 0; from < ranks; ++from) {
        const int to = (from + k) % ranks;
        const bool nothing = !request.counts.empty() && plan.layout.elements(from, to, 1) == 0 && k != 0;
        if (!nothing) channel.add({step, from, to, to, ranks + from, 1, Combine::copy});
      }
    }
    return finished(std::move(plan));
  }

  std::optional<Seconds> closed_form(const PlanRequest& request, Bytes element,
                                     std::span<const Hockney> levels) const override {
    if (!request.counts.empty()) return std::nullopt;
    const Hockney& h = levels.back();
    return (request.ranks - 1.0) * (h.alpha + buffer_of(request, element) / request.ranks * h.beta);
  }
};

const bool registered = Algorithm::registry().add<Pairwise>(
    "pairwise", "all-to-all in P-1 exchanges, also with unequal blocks; for large blocks");

}  // namespace
}  // namespace orrery::collective
