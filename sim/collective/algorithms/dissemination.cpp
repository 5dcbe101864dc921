// Dissemination barrier: in round k every rank tells the one 2^k places on; after ceil(log2 P) rounds everybody has
// heard from everybody. Source: Hensgen, Finkel and Manber, Two algorithms for barrier synchronization, 1988.
//
//   ceil(log2 P) alpha
#include "sim/collective/group.hpp"

namespace orrery::collective {
namespace {

struct DisseminationConfig {};
template <class V>
void fields(V&, DisseminationConfig&) {}

class Dissemination final : public Configured<Algorithm, Dissemination, DisseminationConfig> {
 public:
  std::optional<std::string> refusal(const PlanRequest& request) const override {
    if (request.elements != 0) return "a barrier carries no elements";
    return refuse_other_kinds(request, {CollectiveKind::barrier});
  }

  Plan plan(const PlanRequest& request) const override {
    Plan plan = empty_plan(request, "dissemination", 1);
    const Group group = all_ranks(request.ranks);
    int step = 0;
    for (int distance = 1; distance < request.ranks; distance *= 2, ++step) {
      for (int i = 0; i < request.ranks; ++i) {
        send_all(plan.channels[0], step, i, group.member(i + distance), 1, Combine::add);
      }
    }
    return finished(std::move(plan));
  }

  std::optional<Seconds> closed_form(const PlanRequest& request, Bytes,
                                     std::span<const Hockney> levels) const override {
    return static_cast<double>(log2_ceil(request.ranks)) * levels.back().alpha;
  }
};

const bool registered =
    Algorithm::registry().add<Dissemination>("dissemination", "barrier in ceil(log2 P) rounds (Hensgen et al. 1988)");

}  // namespace
}  // namespace orrery::collective
