#include "sim/collective/plan.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace orrery::collective {

TooManyTransfers::TooManyTransfers()
    : ScenarioError("", "needs more than " + std::to_string(kTransfersMax) + " transfers, the most that are simulated") {}

void check_transfers(std::int64_t count) {
  if (count > kTransfersMax) throw TooManyTransfers();
}

SlotLayout SlotLayout::even(std::int64_t elements, int slots) {
  SIM_ASSERT(elements >= 0 && slots >= 1, "a layout has at least one slot");
  SlotLayout layout;
  layout.block_ = elements;
  layout.quotient_ = elements / slots;
  layout.remainder_ = elements % slots;
  layout.slots_per_block_ = layout.slots_ = slots;
  return layout;
}

SlotLayout SlotLayout::all_to_all_even(std::int64_t elements, int ranks, int slots_per_block) {
  SlotLayout layout = even((elements + ranks - 1) / ranks, slots_per_block);
  layout.slots_ = 2 * ranks * slots_per_block;
  return layout;
}

SlotLayout SlotLayout::all_to_all(std::vector<std::int64_t> counts, int ranks) {
  SIM_ASSERT(counts.size() == static_cast<std::size_t>(ranks) * static_cast<std::size_t>(ranks),
             "all-to-all counts are a matrix of ranks x ranks");
  SlotLayout layout;
  layout.slots_ = 2 * ranks;
  layout.ranks_ = ranks;
  const auto n = static_cast<std::size_t>(ranks);
  for (std::size_t rank = 0; rank < n; ++rank) {
    std::int64_t at = 0;
    for (std::size_t to = 0; to < n; ++to) {
      layout.offsets_.push_back(at);
      at += counts[rank * n + to];
    }
    for (std::size_t from = 0; from < n; ++from) {
      layout.offsets_.push_back(at);
      at += counts[from * n + rank];
    }
    layout.offsets_.push_back(at);
  }
  return layout;
}

std::int64_t SlotLayout::offset(int participant, int slot) const {
  SIM_ASSERT(slot >= 0 && slot <= slots_, "a slot outside the buffer");
  if (!offsets_.empty()) {
    SIM_ASSERT(participant >= 0 && participant < ranks_, "all-to-all has no helpers");
    return offsets_[static_cast<std::size_t>(participant) * static_cast<std::size_t>(slots_ + 1) +
                    static_cast<std::size_t>(slot)];
  }
  const int block = slot / slots_per_block_, i = slot % slots_per_block_;
  const std::int64_t rest = remainder_ == 0 ? 0 : remainder_ * i / slots_per_block_;
  return block * block_ + quotient_ * i + rest;
}

void finish(Channel& channel) {
  const auto earlier = [](const Transfer& a, const Transfer& b) {
    return std::tie(a.step, a.from, a.to) < std::tie(b.step, b.from, b.to);
  };
  std::vector<Transfer>& all = channel.transfers;
  if (!std::is_sorted(all.begin(), all.end(), earlier)) std::stable_sort(all.begin(), all.end(), earlier);
  channel.steps = channel.transfers.empty() ? 0 : channel.transfers.back().step + 1;
}

namespace {

std::int64_t sum_of_transfers(const Plan& plan, int participant, std::int32_t Transfer::*end) {
  std::int64_t sum = 0;
  for (const Channel& channel : plan.channels) {
    for (const Transfer& t : channel.transfers) {
      if (t.*end == participant && t.from != t.to) sum += plan.layout.elements(t.from, t.source, t.slots);
    }
  }
  return sum;
}

}  // namespace

std::int64_t elements_sent(const Plan& plan, int participant) {
  return sum_of_transfers(plan, participant, &Transfer::from);
}

std::int64_t elements_received(const Plan& plan, int participant) {
  return sum_of_transfers(plan, participant, &Transfer::to);
}

}  // namespace orrery::collective
