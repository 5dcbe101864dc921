// One message from rank 0 to rank 1: send and receive, as between pipeline stages.
// Source: Hockney, The communication challenge for MPP, Parallel Computing 20, 1994.
//
//   alpha + n beta
#include "sim/collective/group.hpp"

namespace orrery::collective {
namespace {

struct DirectConfig {};
template <class V>
void fields(V&, DirectConfig&) {}

class Direct final : public Configured<Algorithm, Direct, DirectConfig> {
 public:
  std::optional<std::string> refusal(const PlanRequest& request) const override {
    if (request.ranks < 2) return "needs two ranks";
    return refuse_other_kinds(request, {CollectiveKind::point_to_point});
  }

  Plan plan(const PlanRequest& request) const override {
    Plan plan = empty_plan(request, "direct", 1);
    send_all(plan.channels[0], 0, 0, 1, 1, Combine::copy);
    return finished(std::move(plan));
  }

  std::optional<Seconds> closed_form(const PlanRequest& request, Bytes element,
                                     std::span<const Hockney> levels) const override {
    return levels.back().alpha + buffer_of(request, element) * levels.back().beta;
  }
};

const bool registered = Algorithm::registry().add<Direct>("direct", "one message from rank 0 to rank 1");

}  // namespace
}  // namespace orrery::collective
