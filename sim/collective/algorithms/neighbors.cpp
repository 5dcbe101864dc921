// Gossip with the neighbours: every rank gives its buffer to the rank before and the rank after it on a ring and adds
// what it gets from them. A constant time however many ranks there are; the values mix over many rounds only.
// Source: Lian et al., Can decentralized algorithms outperform centralized algorithms?, NeurIPS 2017.
//
//   alpha + 2 n beta + 2 n gamma     (both messages share a rank's port; two ranks: one message)
#include "sim/collective/group.hpp"

namespace orrery::collective {
namespace {

struct NeighborsConfig {};
template <class V>
void fields(V&, NeighborsConfig&) {}

class Neighbors final : public Configured<Algorithm, Neighbors, NeighborsConfig> {
 public:
  std::optional<std::string> refusal(const PlanRequest& request) const override {
    return refuse_other_kinds(request, {CollectiveKind::neighbor_average});
  }

  Plan plan(const PlanRequest& request) const override {
    Plan plan = empty_plan(request, "neighbors", 1);
    const Group group = all_ranks(request.ranks);
    for (int i = 0; i < request.ranks && request.ranks > 1; ++i) {
      send_all(plan.channels[0], 0, i, group.member(i + 1), 1, Combine::add);
      if (request.ranks > 2) send_all(plan.channels[0], 0, i, group.member(i - 1), 1, Combine::add);
    }
    return finished(std::move(plan));
  }

  std::optional<Seconds> closed_form(const PlanRequest& request, Bytes element,
                                     std::span<const Hockney> levels) const override {
    if (request.ranks == 1) return Seconds(0.0);
    const Hockney& h = levels.back();
    const Bytes n = (request.ranks == 2 ? 1.0 : 2.0) * buffer_of(request, element);
    return h.alpha + n * h.beta + n * h.gamma;
  }
};

const bool registered = Algorithm::registry().add<Neighbors>(
    "neighbors", "gossip: exchange with both neighbours on a ring (Lian et al. 2017)");

}  // namespace
}  // namespace orrery::collective
