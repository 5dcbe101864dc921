// Chain: the root sends piece after piece to its neighbour, which hands each on while the next one arrives
// (broadcast), or the sums travel towards the root (reduce). For many pieces the bandwidth term is that of one
// message, whatever the number of ranks; the start-ups grow with it. This is the "ring" broadcast of GPU libraries.
// Source: van de Geijn, Efficient global combine operations, 1991; Chan et al., Collective communication: theory,
// practice, and experience, 2007, section 6.
//
//   (P-2+k) (alpha + n/k beta [+ n/k gamma in reduce])      with k pieces; the best k is sqrt((P-2) n beta / alpha)
#include "sim/collective/group.hpp"

namespace orrery::collective {
namespace {

struct ChainConfig {
  int pieces = 0;
};
template <class V>
void fields(V& v, ChainConfig& c) {
  v("pieces", c.pieces, kPiecesHelp, between(0, 4096));
}

class Chain final : public Configured<Algorithm, Chain, ChainConfig> {
 public:
  std::optional<std::string> refusal(const PlanRequest& request) const override {
    return refuse_other_kinds(request, {CollectiveKind::broadcast, CollectiveKind::reduce});
  }

  Plan plan(const PlanRequest& request) const override {
    const int pieces = piece_count(config().pieces, request.elements);
    Plan plan = empty_plan(request, "chain", pieces);
    Channel& channel = plan.channels[0];
    const Group group = all_ranks(request.ranks, request.root);  // the root is member 0
    const int last = request.ranks - 1;
    for (int hop = 0; hop < last; ++hop) {
      for (int piece = 0; piece < pieces; ++piece) {
        const bool outwards = request.kind == CollectiveKind::broadcast;
        const int from = group.member(outwards ? hop : last - hop);
        const int to = group.member(outwards ? hop + 1 : last - hop - 1);
        channel.add(
            {hop + piece, from, to, piece, piece, 1, outwards ? Combine::copy : Combine::add});
      }
    }
    return finished(std::move(plan));
  }

  std::optional<Seconds> closed_form(const PlanRequest& request, Bytes element,
                                     std::span<const Hockney> levels) const override {
    if (request.ranks == 1) return Seconds(0.0);
    const Hockney& h = levels.back();
    const int pieces = piece_count(config().pieces, request.elements);
    const Bytes piece = buffer_of(request, element) / pieces;
    const Seconds adding = request.kind == CollectiveKind::reduce ? piece * h.gamma : Seconds(0.0);
    return (request.ranks - 2.0 + pieces) * (h.alpha + piece * h.beta + adding);
  }
};

const bool registered =
    Algorithm::registry().add<Chain>("chain", "pieces handed from rank to rank (pipelined ring broadcast and reduce)");

}  // namespace
}  // namespace orrery::collective
