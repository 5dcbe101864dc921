// Van de Geijn's broadcast: the root scatters the buffer along a binomial tree (each rank gets one block), then a ring
// all-gather puts it together everywhere. About twice the time of one message however many ranks there are: good for
// large buffers, where a binomial tree would send the whole buffer log P times.
// Source: Barnett, Gupta, Payne, Shuler, van de Geijn and Watts, Interprocessor collective communication library, 1994;
// Thakur et al. 2005, section 3.3.
//
//   (log2 P + P-1) alpha + 2(P-1)/P n beta        for powers of two; otherwise the scatter is uneven and no closed form
//                                                 is given
#include <algorithm>

#include "sim/collective/algorithms/ring_phases.hpp"

namespace orrery::collective {
namespace {

struct VanDeGeijnConfig {};
template <class V>
void fields(V&, VanDeGeijnConfig&) {}

class VanDeGeijn final : public Configured<Algorithm, VanDeGeijn, VanDeGeijnConfig> {
 public:
  std::optional<std::string> refusal(const PlanRequest& request) const override {
    return refuse_other_kinds(request, {CollectiveKind::broadcast});
  }

  Plan plan(const PlanRequest& request) const override {
    const int ranks = request.ranks;
    Plan plan = empty_plan(request, "van_de_geijn", ranks);
    Channel& channel = plan.channels[0];
    const Group group = all_ranks(ranks, request.root);
    int step = 0;
    for (int round = log2_ceil(ranks) - 1; round >= 0; --round, ++step) {
      const int distance = 1 << round;
      for (int i = 0; i + distance < ranks; i += 2 * distance) {
        const int blocks = std::min(distance, ranks - i - distance);
        send(channel, group, step, i, i + distance, i + distance, blocks, Combine::copy);
      }
    }
    ring_all_gather(channel, group, step, 0);
    return finished(std::move(plan));
  }

  std::optional<Seconds> closed_form(const PlanRequest& request, Bytes element,
                                     std::span<const Hockney> levels) const override {
    if (!is_power_of_two(request.ranks)) return std::nullopt;
    const Hockney& h = levels.back();
    const double ranks = request.ranks;
    return (log2_ceil(request.ranks) + ranks - 1.0) * h.alpha +
           2.0 * (ranks - 1.0) / ranks * buffer_of(request, element) * h.beta;
  }
};

const bool registered = Algorithm::registry().add<VanDeGeijn>(
    "van_de_geijn", "broadcast as scatter and all-gather (Barnett et al. 1994); for large buffers");

}  // namespace
}  // namespace orrery::collective
