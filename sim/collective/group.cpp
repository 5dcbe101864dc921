#include "sim/collective/group.hpp"

#include <algorithm>
#include <bit>
#include <numeric>
#include <utility>

namespace orrery::collective {

Group all_ranks(int ranks, int first) {
  Group group;
  group.members.resize(static_cast<std::size_t>(ranks));
  for (int i = 0; i < ranks; ++i) group.members[static_cast<std::size_t>(i)] = (first + i) % ranks;
  return group;
}

void send(Channel& channel, const Group& group, int step, int from, int to, int block, int blocks, Combine combine) {
  const bool solid = group.width == group.stride;
  for (int done = 0; done < blocks;) {
    const int first = group.wrapped(block + done);
    const int count = solid ? std::min(blocks - done, group.size() - first) : 1;
    const int slot = group.slot_of(first);
    channel.add(
        {step, group.member(from), group.member(to), slot, slot, count * group.width, combine});
    done += count;
  }
}

void send_all(Channel& channel, int step, int from, int to, int slots, Combine combine) {
  channel.add({step, from, to, 0, 0, slots, combine});
}

Plan empty_plan(const PlanRequest& request, std::string algorithm, int slots) {
  Plan plan;
  plan.kind = request.kind;
  plan.algorithm = std::move(algorithm);
  plan.ranks = request.ranks;
  plan.root = request.root;
  plan.layout = SlotLayout::even(request.elements, slots);
  plan.channels.resize(1);
  return plan;
}

Plan finished(Plan plan) {
  for (Channel& channel : plan.channels) finish(channel);
  return plan;
}

int log2_floor(int n) { return std::bit_width(static_cast<unsigned>(n)) - 1; }

int log2_ceil(int n) { return std::bit_width(static_cast<unsigned>(n - 1)); }

int piece_count(int configured, std::int64_t elements) {
  constexpr std::int64_t kElementsOfPiece = 65536;
  if (configured > 0) return configured;
  return static_cast<int>(std::clamp<std::int64_t>((elements + kElementsOfPiece - 1) / kElementsOfPiece, 1, 64));
}

std::vector<int> grid_of(const PlanRequest& request) {
  return request.dimensions.empty() ? std::vector<int>{request.ranks} : request.dimensions;
}

std::optional<std::string> refuse_other_kinds(const PlanRequest& request, std::initializer_list<CollectiveKind> kinds) {
  if (std::find(kinds.begin(), kinds.end(), request.kind) != kinds.end()) return std::nullopt;
  std::string known;
  for (const CollectiveKind kind : kinds) known += (known.empty() ? "" : ", ") + name(kind);
  return "does " + known + ", not " + name(request.kind);
}

}  // namespace orrery::collective
