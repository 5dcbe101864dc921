// Binary tree: rank i (counted from the root) hands pieces to 2i+1 and 2i+2, or gets their sums. Few start-ups and,
// where each child has a cable of its own, the bandwidth of one message; where both children share the parent's port,
// half of it (two trees mend that: double_binary_tree). Reduce, broadcast, and one after the other for all-reduce.
// Source: Chan et al., Collective communication: theory, practice, and experience, 2007; the pipelined form in Hoefler
// et al. and NCCL's documentation of trees.
//
//   one way: (d+k-1) (alpha + n/k beta)     with k pieces, d = floor(log2 P), each edge of the tree a link of its own;
//                                           all-reduce twice that. With one port a rank no closed form holds.
#include "sim/collective/group.hpp"

namespace orrery::collective {
namespace {

struct BinaryTreeConfig {
  int pieces = 0;
};
template <class V>
void fields(V& v, BinaryTreeConfig& c) {
  v("pieces", c.pieces, kPiecesHelp, between(0, 4096));
}

class BinaryTree final : public Configured<Algorithm, BinaryTree, BinaryTreeConfig> {
 public:
  std::optional<std::string> refusal(const PlanRequest& request) const override {
    return refuse_other_kinds(request,
                              {CollectiveKind::all_reduce, CollectiveKind::broadcast, CollectiveKind::reduce});
  }

  Plan plan(const PlanRequest& request) const override {
    const int pieces = piece_count(config().pieces, request.elements);
    Plan plan = empty_plan(request, "binary_tree", pieces);
    Channel& channel = plan.channels[0];
    const Group group = all_ranks(request.ranks, request.kind == CollectiveKind::all_reduce ? 0 : request.root);
    const int depth = log2_floor(request.ranks);
    int step = 0;
    for (const bool down : {false, true}) {
      if (request.kind == (down ? CollectiveKind::reduce : CollectiveKind::broadcast)) continue;
      for (int child = 1; child < request.ranks; ++child) {
        const int parent = (child - 1) / 2, level = log2_floor(child + 1);
        const int first = step + (down ? level - 1 : depth - level);
        const int from = group.member(down ? parent : child), to = group.member(down ? child : parent);
        for (int piece = 0; piece < pieces; ++piece) {
          channel.add(
              {first + piece, from, to, piece, piece, 1, down ? Combine::copy : Combine::add});
        }
      }
      step += depth + pieces - 1;
    }
    return finished(std::move(plan));
  }

  std::optional<Seconds> closed_form(const PlanRequest& request, Bytes, std::span<const Hockney>) const override {
    if (request.ranks == 1) return Seconds(0.0);
    return std::nullopt;
  }
};

const bool registered = Algorithm::registry().add<BinaryTree>(
    "binary_tree", "pipelined binary tree; for links of their own between parents and children");

}  // namespace
}  // namespace orrery::collective
