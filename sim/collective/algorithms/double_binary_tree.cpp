// Double binary tree: two binary trees over the same ranks, each working on half of the buffer, so arranged that an
// inner rank of one is a leaf of the other: together they load every port alike. Each tree is a channel of its own, so the
// trees work at the same time. In a tree the pieces go up to the root, being added, and at once down again, one piece
// behind the other: good where rings have too many start-ups and the buffer is too large for recursive doubling.
// Sources: Sanders, Speck and Traeff, Two-tree algorithms for full bandwidth broadcast, reduction and scan, Parallel
// Computing 35, 2009 (the trees); NVIDIA, Massively scale your deep learning training with NCCL 2.4, 2019 (both ways at
// the same time).
//
//   P = 2       (k+1) alpha + n beta, the least that two ports allow      k pieces of each half
//   otherwise   between 2 n beta and about (k + 2D) alpha + 2 n (1 + 2D/k) beta, D the depth of a tree, one more than
//               floor(log2(P-1)): in a step each port carries four messages of n/2k. No closed form: the ports are shared.
#include <algorithm>

#include "sim/collective/group.hpp"

namespace orrery::collective {
namespace {

constexpr int kNone = -1;

/// One tree: parents by rank. In-order numbering: the height of a position is its number of trailing zero bits,
/// position 0 stands on top.
std::vector<int> tree_parents(int ranks, bool second) {
  const auto position = [&](int rank) {
    return !second ? rank : ranks % 2 == 0 ? ranks - 1 - rank : (rank + ranks - 1) % ranks;
  };
  const auto rank_at = [&](int place) {
    return !second ? place : ranks % 2 == 0 ? ranks - 1 - place : (place + 1) % ranks;
  };
  std::vector<int> parents(static_cast<std::size_t>(ranks), kNone);
  for (int rank = 0; rank < ranks; ++rank) {
    const int place = position(rank);
    if (place == 0) continue;
    const int bit = place & -place;
    const int upper = (place - bit) | (2 * bit);
    parents[static_cast<std::size_t>(rank)] = rank_at(upper < ranks ? upper : place - bit);
  }
  return parents;
}

int depth_of(const std::vector<int>& parents, int rank) {
  int edges = 0;
  for (int up = parents[static_cast<std::size_t>(rank)]; up != kNone; up = parents[static_cast<std::size_t>(up)]) ++edges;
  return edges;
}

struct DoubleBinaryTreeConfig {
  int pieces = 0;
};
template <class V>
void fields(V& v, DoubleBinaryTreeConfig& c) {
  v("pieces", c.pieces, "pieces of each tree's half; 0: one for each 65,536 elements, at most 64", between(0, 4096));
}

class DoubleBinaryTree final : public Configured<Algorithm, DoubleBinaryTree, DoubleBinaryTreeConfig> {
 public:
  std::optional<std::string> refusal(const PlanRequest& request) const override {
    return refuse_other_kinds(request, {CollectiveKind::all_reduce});
  }

  Plan plan(const PlanRequest& request) const override {
    const int pieces = piece_count(config().pieces, request.elements / 2);
    Plan plan = empty_plan(request, "double_binary_tree", 2 * pieces);
    plan.channels.resize(2);
    for (const int tree : {0, 1}) {
      add_tree(plan.channels[static_cast<std::size_t>(tree)], tree_parents(request.ranks, tree == 1), tree * pieces,
               pieces);
    }
    return finished(std::move(plan));
  }

  std::optional<Seconds> closed_form(const PlanRequest& request, Bytes, std::span<const Hockney>) const override {
    if (request.ranks == 1) return Seconds(0.0);
    return std::nullopt;
  }

 private:
  /// A piece leaves depth d upwards in step D - d and comes down to it in step D + d - 1, the next piece a step later.
  static void add_tree(Channel& channel, const std::vector<int>& parents, int first_slot, int pieces) {
    const int ranks = static_cast<int>(parents.size());
    std::vector<int> depths;
    for (int rank = 0; rank < ranks; ++rank) depths.push_back(depth_of(parents, rank));
    const int deepest = *std::max_element(depths.begin(), depths.end());
    for (int rank = 0; rank < ranks; ++rank) {
      const int parent = parents[static_cast<std::size_t>(rank)], depth = depths[static_cast<std::size_t>(rank)];
      if (parent == kNone) continue;
      for (int piece = 0; piece < pieces; ++piece) {
        const int slot = first_slot + piece;
        channel.add({deepest - depth + piece, rank, parent, slot, slot, 1, Combine::add});
        channel.add({deepest + depth - 1 + piece, parent, rank, slot, slot, 1, Combine::copy});
      }
    }
  }
};

const bool registered = Algorithm::registry().add<DoubleBinaryTree>(
    "double_binary_tree", "two trees at the same time, each with half of the buffer, pipelined (Sanders et al. 2009)");

}  // namespace
}  // namespace orrery::collective
