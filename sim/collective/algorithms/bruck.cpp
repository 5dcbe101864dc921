// Bruck: blocks travel distances 1, 2, 4, ... and are forwarded, so that ceil(log2 P) messages reach everybody, for any
// number of ranks. All-to-all: rank r first turns its blocks so that block i is for the rank i places on; round k
// sends on all blocks whose i has bit k. Each block travels about log2(P)/2 times: good for small blocks. All-gather:
// round k doubles the run of blocks that a rank holds; no byte more than a ring.
// Source: Bruck, Ho, Kipnis, Upfal and Weathersby, Efficient algorithms for all-to-all communications in multiport
// message-passing systems, IEEE TPDS 8, 1997.
//
//   all-to-all   sum over rounds k of (alpha + c_k n/P beta), c_k = how many of 0..P-1 have bit k;
//                for powers of two log2 P (alpha + n/2 beta)
//   all-gather   ceil(log2 P) alpha + (P-1)/P n beta
#include <algorithm>

#include "sim/collective/group.hpp"

namespace orrery::collective {
namespace {

struct BruckConfig {};
template <class V>
void fields(V&, BruckConfig&) {}

class Bruck final : public Configured<Algorithm, Bruck, BruckConfig> {
 public:
  std::optional<std::string> refusal(const PlanRequest& request) const override {
    if (!request.counts.empty()) return "needs blocks of equal size";
    return refuse_other_kinds(request, {CollectiveKind::all_to_all, CollectiveKind::all_gather});
  }

  Plan plan(const PlanRequest& request) const override {
    Plan plan = empty_plan(request, "bruck", request.ranks);
    if (request.kind == CollectiveKind::all_gather) {
      add_all_gather(plan.channels[0], all_ranks(request.ranks));
    } else {
      plan.layout = SlotLayout::all_to_all_even(request.elements, request.ranks);
      add_all_to_all(plan.channels[0], request.ranks);
    }
    return finished(std::move(plan));
  }

  std::optional<Seconds> closed_form(const PlanRequest& request, Bytes element,
                                     std::span<const Hockney> levels) const override {
    const Hockney& h = levels.back();
    const Bytes block = buffer_of(request, element) / request.ranks;
    Seconds time{0.0};
    for (int distance = 1; distance < request.ranks; distance *= 2) {
      const int blocks = request.kind == CollectiveKind::all_gather ? std::min(distance, request.ranks - distance)
                                                                   : with_bit(request.ranks, distance);
      time += h.alpha + static_cast<double>(blocks) * block * h.beta;
    }
    return time;
  }

 private:
  static void add_all_gather(Channel& channel, const Group& group) {
    int step = 0;
    for (int distance = 1; distance < group.size(); distance *= 2, ++step) {
      const int blocks = std::min(distance, group.size() - distance);
      for (int r = 0; r < group.size(); ++r) send(channel, group, step, r, r - distance, r, blocks, Combine::copy);
    }
  }

  /// The output half is the work space; it is put into order at the end.
  static void add_all_to_all(Channel& channel, int ranks) {
    int step = 0;
    const auto move = [&](int from, int to, int source, int target, int slots) {
      channel.add({step, from, to, source, target, slots, Combine::copy});
    };
    for (int r = 0; r < ranks; ++r) {
      move(r, r, r, ranks, ranks - r);
      if (r > 0) move(r, r, 0, 2 * ranks - r, r);
    }
    ++step;
    for (int distance = 1; distance < ranks; distance *= 2, ++step) {
      for (int r = 0; r < ranks; ++r) {
        for (int i = distance; i < ranks; i += 2 * distance) {
          move(r, (r + distance) % ranks, ranks + i, ranks + i, std::min(distance, ranks - i));
        }
      }
    }
    for (int r = 0; r < ranks; ++r) {
      for (int i = 0; i < ranks; ++i) {
        const int sender = (r - i + ranks) % ranks;
        if (sender != i) move(r, r, ranks + i, ranks + sender, 1);
      }
    }
  }

  static int with_bit(int ranks, int bit) {
    int count = 0;
    for (int i = 0; i < ranks; ++i) count += (i & bit) != 0 ? 1 : 0;
    return count;
  }
};

const bool registered = Algorithm::registry().add<Bruck>(
    "bruck", "forwarding at doubling distances (Bruck et al. 1997); all-to-all of small blocks, all-gather");

}  // namespace
}  // namespace orrery::collective
