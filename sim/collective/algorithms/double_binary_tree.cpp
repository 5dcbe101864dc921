// Double binary tree: two binary trees over the same ranks, each working on half of the buffer, so arranged that an
// inner rank of one is a leaf of the other. Their edges are coloured with two colours such that a rank's two sends
// differ and its two receives differ; edges of colour 0 work in even steps, those of colour 1 in odd ones. So no port
// ever has two messages at once, and for many pieces the all-reduce needs 2 n beta with start-ups that grow with log P
// only: good where rings have too many start-ups and the buffer is too large for recursive doubling.
// Source: Sanders, Speck and Traeff, Two-tree algorithms for full bandwidth broadcast, reduction and scan, Parallel
// Computing 35, 2009.
//
//   -> 2 n beta + O(log P) alpha for large n. No closed form to the nanosecond: how far the first steps overlap
//   depends on the colours.
#include <algorithm>
#include <numeric>

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

/// The edges child -> parent of both trees: edge t * P + v leads from rank v to its parent in tree t.
class TwoTrees {
 public:
  explicit TwoTrees(int ranks) : ranks_(ranks) {
    for (const bool second : {false, true}) {
      const std::vector<int> parents = tree_parents(ranks, second);
      parent_.insert(parent_.end(), parents.begin(), parents.end());
    }
    colour_edges();
    number_steps();
  }

  int ranks() const { return ranks_; }
  int parent(int tree, int rank) const { return parent_[edge(tree, rank)]; }
  /// The step of the first piece on the edge in a reduction; further pieces follow every second step.
  int first_step(int tree, int rank) const { return first_step_[edge(tree, rank)]; }
  int last_first_step() const { return *std::max_element(first_step_.begin(), first_step_.end()); }

 private:
  std::size_t edge(int tree, int rank) const { return static_cast<std::size_t>(tree * ranks_ + rank); }

  /// Edges that share a sender or a receiver form paths and cycles of even length (the graph of senders and receivers
  /// is bipartite, each with at most two edges), so going along them with alternating colours succeeds.
  void colour_edges() {
    std::vector<std::vector<std::size_t>> into(static_cast<std::size_t>(ranks_));
    for (std::size_t e = 0; e < parent_.size(); ++e) {
      if (parent_[e] != kNone) into[static_cast<std::size_t>(parent_[e])].push_back(e);
    }
    colour_.assign(parent_.size(), kNone);
    for (std::size_t start = 0; start < parent_.size(); ++start) {
      if (parent_[start] == kNone || colour_[start] != kNone) continue;
      colour_[start] = 0;
      for (std::vector<std::size_t> todo{start}; !todo.empty();) {
        const std::size_t e = todo.back();
        todo.pop_back();
        std::vector<std::size_t> others = into[static_cast<std::size_t>(parent_[e])];
        SIM_ASSERT(others.size() <= 2, "a rank has children in one of the two trees only");
        const auto n = static_cast<std::size_t>(ranks_);
        others.push_back((e + n) % (2 * n));
        for (const std::size_t other : others) {
          if (other == e || parent_[other] == kNone || colour_[other] != kNone) continue;
          colour_[other] = 1 - colour_[e];
          todo.push_back(other);
        }
      }
    }
  }

  /// An edge works after the edges below it, in the first step of its colour.
  void number_steps() {
    first_step_.assign(parent_.size(), kNone);
    for (const int tree : {0, 1}) {
      std::vector<int> order(static_cast<std::size_t>(ranks_));
      std::iota(order.begin(), order.end(), 0);
      std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return depth(tree, a) > depth(tree, b); });
      std::vector<int> after(order.size(), 0);  // the first step in which a rank has everything from below
      for (const int rank : order) {
        const std::size_t e = edge(tree, rank);
        if (parent_[e] == kNone) continue;
        const int earliest = after[static_cast<std::size_t>(rank)];
        first_step_[e] = earliest + (earliest % 2 != colour_[e] ? 1 : 0);
        int& above = after[static_cast<std::size_t>(parent_[e])];
        above = std::max(above, first_step_[e] + 1);
      }
    }
  }

  int depth(int tree, int rank) const {
    int edges = 0;
    for (int up = parent(tree, rank); up != kNone; up = parent(tree, up)) ++edges;
    return edges;
  }

  int ranks_;
  std::vector<int> parent_, colour_, first_step_;
};

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
    if (request.ranks == 1) return finished(std::move(plan));
    Channel& channel = plan.channels[0];
    const TwoTrees trees(request.ranks);
    const int last = trees.last_first_step(), down = last + 2 * (pieces - 1) + 1;
    for (const int tree : {0, 1}) {
      for (int rank = 0; rank < request.ranks; ++rank) {
        const int parent = trees.parent(tree, rank);
        if (parent == kNone) continue;
        const int first = trees.first_step(tree, rank);
        for (int piece = 0; piece < pieces; ++piece) {
          const int slot = tree * pieces + piece;
          channel.add({first + 2 * piece, rank, parent, slot, slot, 1, Combine::add});
          channel.add({down + last - first + 2 * piece, parent, rank, slot, slot, 1, Combine::copy});
        }
      }
    }
    return finished(std::move(plan));
  }

  std::optional<Seconds> closed_form(const PlanRequest& request, Bytes, std::span<const Hockney>) const override {
    if (request.ranks == 1) return Seconds(0.0);
    return std::nullopt;
  }
};

const bool registered = Algorithm::registry().add<DoubleBinaryTree>(
    "double_binary_tree", "two trees that share the buffer, pipelined (Sanders et al. 2009)");

}  // namespace
}  // namespace orrery::collective
