// In-network reduction: every rank sends its buffer up once, the switch adds (at line rate) and multicasts the sum, so
// each port carries the buffer once in each direction, about half of what a ring needs, and the start-ups do not grow
// with the ranks. Pieces are pipelined: one goes up while the one before comes down. Needs a switch that reduces
// (NVLink SHARP, SHARP on InfiniBand), which is the helper. Messages to it travel separately: the model is exact where
// the switch has a cable to each rank, and too slow where a tree of reducing switches shares cables.
// Source: Graham et al., Scalable hierarchical aggregation protocol (SHARP), COMHPC 2016; Klenk et al., An in-network
// architecture for accelerating shared-memory multiprocessor collectives, ISCA 2020.
//
//   with k pieces, u and d the bytes of a piece up and down a rank's cable:
//   alpha + u beta + (k-1) max(alpha + u beta, d beta) + d beta         (the switch has no software start-up)
//   all-reduce, reduce, broadcast: u = d = n/k, so k alpha + (k+1)/k n beta; reduce-scatter d = n/kP; all-gather
//   u = n/kP, d = (P-1)/P n/k
#include <algorithm>

#include "sim/collective/group.hpp"

namespace orrery::collective {
namespace {

struct InNetworkConfig {
  int pieces = 0;
};
template <class V>
void fields(V& v, InNetworkConfig& c) {
  v("pieces", c.pieces, kPiecesHelp, between(0, 4096));
}

class InNetwork final : public Configured<Algorithm, InNetwork, InNetworkConfig> {
 public:
  std::optional<std::string> refusal(const PlanRequest& request) const override {
    if (!request.has_reducer) return "needs a switch that reduces in the network";
    return refuse_other_kinds(request, {CollectiveKind::all_reduce, CollectiveKind::reduce_scatter,
                                        CollectiveKind::all_gather, CollectiveKind::broadcast, CollectiveKind::reduce});
  }

  Plan plan(const PlanRequest& request) const override {
    const int pieces = piece_count(config().pieces, request.elements);
    const bool by_blocks =
        request.kind == CollectiveKind::reduce_scatter || request.kind == CollectiveKind::all_gather;
    const int blocks = by_blocks ? request.ranks : 1;
    Plan plan = empty_plan(request, "in_network", blocks * pieces);
    plan.helpers = 1;
    plan.helper_role = HelperRole::reducer;
    if (request.ranks == 1) return finished(std::move(plan));
    const int hub = request.ranks;
    const Combine combine = request.kind == CollectiveKind::all_gather || request.kind == CollectiveKind::broadcast
                                ? Combine::copy
                                : Combine::add;
    for (int piece = 0; piece < pieces; ++piece) {
      for (int rank = 0; rank < request.ranks; ++rank) {
        for (int block = 0; block < blocks; ++block) {
          const int slot = block * pieces + piece;
          if (goes_up(request, rank, block)) {
            plan.channels[0].add({piece, rank, hub, slot, slot, 1, combine});
          }
          if (comes_down(request, rank, block)) {
            plan.channels[0].add({piece + 1, hub, rank, slot, slot, 1, Combine::copy});
          }
        }
      }
    }
    return finished(std::move(plan));
  }

  std::optional<Seconds> closed_form(const PlanRequest& request, Bytes element,
                                     std::span<const Hockney> levels) const override {
    if (request.ranks == 1) return Seconds(0.0);
    const Hockney& h = levels.back();
    const double pieces = piece_count(config().pieces, request.elements), ranks = request.ranks;
    Bytes up = buffer_of(request, element) / pieces, down = up;
    if (request.kind == CollectiveKind::reduce_scatter) down = down / ranks;
    if (request.kind == CollectiveKind::all_gather) {
      up = up / ranks;
      down = (ranks - 1.0) / ranks * down;
    }
    const Seconds first = h.alpha + up * h.beta, last = down * h.beta;
    return first + (pieces - 1.0) * std::max(first, last) + last;
  }

 private:
  static bool goes_up(const PlanRequest& request, int rank, int block) {
    if (request.kind == CollectiveKind::broadcast) return rank == request.root;
    return request.kind != CollectiveKind::all_gather || block == rank;
  }
  static bool comes_down(const PlanRequest& request, int rank, int block) {
    switch (request.kind) {
      case CollectiveKind::broadcast: return rank != request.root;
      case CollectiveKind::reduce: return rank == request.root;
      case CollectiveKind::reduce_scatter: return block == rank;
      case CollectiveKind::all_gather: return block != rank;
      default: return true;
    }
  }
};

const bool registered = Algorithm::registry().add<InNetwork>(
    "in_network", "the switch adds up and multicasts (NVLink SHARP, SHARP); each buffer goes up and down once");

}  // namespace
}  // namespace orrery::collective
