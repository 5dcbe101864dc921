// Binomial tree: whoever has the buffer sends it on at halving distances, so the number of ranks that have it doubles
// each step (broadcast); the mirror image adds up towards the root (reduce); one after the other is an all-reduce.
// Fewest steps for a message that cannot be cut; bad for large buffers, which travel whole ceil(log2 P) times.
// Source: Thakur, Rabenseifner and Gropp, Optimization of collective communication operations in MPICH, 2005.
//
//   broadcast    ceil(log2 P) (alpha + n beta)
//   reduce       ceil(log2 P) (alpha + n beta + n gamma)
//   all-reduce   the sum of both
#include "sim/collective/group.hpp"

namespace orrery::collective {
namespace {

struct BinomialConfig {};
template <class V>
void fields(V&, BinomialConfig&) {}

class Binomial final : public Configured<Algorithm, Binomial, BinomialConfig> {
 public:
  std::optional<std::string> refusal(const PlanRequest& request) const override {
    return refuse_other_kinds(request,
                              {CollectiveKind::all_reduce, CollectiveKind::broadcast, CollectiveKind::reduce});
  }

  Plan plan(const PlanRequest& request) const override {
    Plan plan = empty_plan(request, "binomial", 1);
    Channel& channel = plan.channels[0];
    const int ranks = request.ranks, rounds = log2_ceil(ranks);
    const Group group = all_ranks(ranks, request.kind == CollectiveKind::all_reduce ? 0 : request.root);
    int step = 0;
    if (request.kind != CollectiveKind::broadcast) {
      for (int distance = 1; distance < ranks; distance *= 2, ++step) {
        for (int i = 0; i + distance < ranks; i += 2 * distance) {
          send_all(channel, step, group.member(i + distance), group.member(i), 1, Combine::add);
        }
      }
    }
    if (request.kind != CollectiveKind::reduce) {
      for (int round = rounds - 1; round >= 0; --round, ++step) {
        const int distance = 1 << round;
        for (int i = 0; i + distance < ranks; i += 2 * distance) {
          send_all(channel, step, group.member(i), group.member(i + distance), 1, Combine::copy);
        }
      }
    }
    return finished(std::move(plan));
  }

  std::optional<Seconds> closed_form(const PlanRequest& request, Bytes element,
                                     std::span<const Hockney> levels) const override {
    const Hockney& h = levels.back();
    const Bytes n = buffer_of(request, element);
    const double rounds = log2_ceil(request.ranks);
    const Seconds one_way = rounds * (h.alpha + n * h.beta);
    if (request.kind == CollectiveKind::broadcast) return one_way;
    return (request.kind == CollectiveKind::reduce ? 1.0 : 2.0) * one_way + rounds * (n * h.gamma);
  }
};

const bool registered =
    Algorithm::registry().add<Binomial>("binomial", "binomial tree: broadcast, reduce, reduce and broadcast");

}  // namespace
}  // namespace orrery::collective
