#include "sim/collective/symbolic.hpp"

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <tuple>

#include <fmt/format.h>

#include "sim/base/error.hpp"

namespace orrery::collective {

namespace {

/// What a slot holds: the sum of slot `origin` of some ranks. Nobody's sum is zero, and has no origin yet.
struct Value {
  bool written = false;
  int origin = -1;
  std::vector<bool> ranks;

  bool operator==(const Value&) const = default;
};

using Problem = std::optional<std::string>;

class Execution {
 public:
  explicit Execution(const Plan& plan)
      : plan_(plan),
        slots_(plan.layout.slots()),
        state_(static_cast<std::size_t>(plan.participants()) * static_cast<std::size_t>(slots_)),
        channel_of_(state_.size(), -1),
        writes_(state_.size()) {
    for (int p = 0; p < plan.participants(); ++p) {
      for (int s = 0; s < slots_; ++s) at(p, s) = start(p, s);
    }
  }

  Problem run(int last_step) {
    for (std::size_t c = 0; c < plan_.channels.size(); ++c) {
      const auto& transfers = plan_.channels[c].transfers;
      if (plan_.channels[c].after >= static_cast<int>(c)) {
        return fmt::format("channel {} begins after channel {}, which does not stand before it", c,
                           plan_.channels[c].after);
      }
      for (std::size_t i = 0; i < transfers.size();) {
        std::size_t end = i;
        while (end < transfers.size() && transfers[end].step == transfers[i].step) ++end;
        if (transfers[i].step > last_step) break;
        for (std::size_t k = i; k < end; ++k) {
          const Transfer* before = k == 0 ? nullptr : &transfers[k - 1];
          if (Problem problem = check_form(transfers[k], before, static_cast<int>(c))) return problem;
        }
        if (Problem problem = run_step({transfers.data() + i, end - i})) return problem;
        i = end;
      }
      if (const int steps = transfers.empty() ? 0 : transfers.back().step + 1; steps != plan_.channels[c].steps) {
        return fmt::format("channel {} says {} steps and has {}", c, plan_.channels[c].steps, steps);
      }
    }
    return std::nullopt;
  }

  Problem check_end() const {
    for (int p = 0; p < plan_.ranks; ++p) {
      for (int s = 0; s < slots_; ++s) {
        const Value wanted = end(p, s);
        const Value& found = state_[index(p, s)];
        if (!wanted.written || found == wanted) continue;
        if (!found.written) return fmt::format("rank {} ends with nothing in slot {}", p, s);
        for (int r = 0; r < plan_.ranks; ++r) {
          const auto i = static_cast<std::size_t>(r);
          if (found.ranks[i] == wanted.ranks[i]) continue;
          return fmt::format("rank {} ends {} the data of rank {} in slot {}", p, wanted.ranks[i] ? "without" : "with",
                             r, s);
        }
        return fmt::format("rank {} ends with slot {} where slot {} belongs", p, found.origin, wanted.origin);
      }
    }
    return std::nullopt;
  }

  const std::vector<Value>& state() const { return state_; }

 private:
  std::size_t index(int participant, int slot) const {
    return static_cast<std::size_t>(participant) * static_cast<std::size_t>(slots_) + static_cast<std::size_t>(slot);
  }
  Value& at(int participant, int slot) { return state_[index(participant, slot)]; }
  int block_slots() const { return slots_ / plan_.ranks; }

  Value of(int origin, std::initializer_list<int> ranks) const {
    Value value{true, origin, std::vector<bool>(static_cast<std::size_t>(plan_.ranks))};
    for (const int r : ranks) value.ranks[static_cast<std::size_t>((r + plan_.ranks) % plan_.ranks)] = true;
    return value;
  }
  Value sum(int origin) const { return {true, origin, std::vector<bool>(static_cast<std::size_t>(plan_.ranks), true)}; }
  Value zero() const { return of(-1, {}); }

  Value start(int p, int s) const {
    if (p >= plan_.ranks) return zero();
    switch (plan_.kind) {
      case CollectiveKind::all_gather: return s / block_slots() == p ? of(s, {p}) : Value{};
      case CollectiveKind::broadcast: return p == plan_.root ? of(s, {p}) : Value{};
      case CollectiveKind::point_to_point: return p == 0 ? of(s, {p}) : Value{};
      case CollectiveKind::all_to_all: return s < slots_ / 2 ? of(s, {p}) : Value{};
      default: return of(s, {p});
    }
  }

  /// An unwritten value: anything will do.
  Value end(int p, int s) const {
    switch (plan_.kind) {
      case CollectiveKind::all_reduce:
      case CollectiveKind::barrier: return sum(s);
      case CollectiveKind::reduce_scatter: return s / block_slots() == p ? sum(s) : Value{};
      case CollectiveKind::all_gather: return of(s, {s / block_slots()});
      case CollectiveKind::broadcast: return of(s, {plan_.root});
      case CollectiveKind::reduce: return p == plan_.root ? sum(s) : Value{};
      case CollectiveKind::point_to_point: return p == 1 ? of(s, {0}) : Value{};
      case CollectiveKind::neighbor_average: return of(s, {p - 1, p, p + 1});
      case CollectiveKind::all_to_all: {
        const int half = slots_ / 2, block = half / plan_.ranks, sender = (s - half) / block;
        return s < half ? Value{} : of(p * block + (s - half) % block, {sender});
      }
    }
    return {};
  }

  Problem check_form(const Transfer& t, const Transfer* before, int channel) {
    const auto exists = [](int i, int n) { return i >= 0 && i < n; };
    if (!exists(t.from, plan_.participants()) || !exists(t.to, plan_.participants())) {
      return fmt::format("step {}: {} -> {}: there are {} participants", t.step, t.from, t.to, plan_.participants());
    }
    if (t.slots < 1 || t.source < 0 || t.target < 0 || t.source + t.slots > slots_ || t.target + t.slots > slots_) {
      return fmt::format("step {}: {} -> {}: slots {} and {} of {}", t.step, t.from, t.to, t.source, t.target, slots_);
    }
    if (before != nullptr && std::tie(t.step, t.from, t.to) < std::tie(before->step, before->from, before->to)) {
      return fmt::format("step {}: {} -> {} is not in order", t.step, t.from, t.to);
    }
    for (int i = 0; i < t.slots; ++i) {
      if (plan_.layout.elements(t.from, t.source + i, 1) != plan_.layout.elements(t.to, t.target + i, 1)) {
        return fmt::format("step {}: {} -> {}: slots {} and {} have different sizes", t.step, t.from, t.to,
                           t.source + i, t.target + i);
      }
      for (const std::size_t touched : {index(t.from, t.source + i), index(t.to, t.target + i)}) {
        if (channel_of_[touched] >= 0 && channel_of_[touched] != channel) {
          return fmt::format("step {}: {} -> {}: channels {} and {} touch the same slot", t.step, t.from, t.to,
                             channel_of_[touched], channel);
        }
        channel_of_[touched] = channel;
      }
    }
    return std::nullopt;
  }

  Problem run_step(std::span<const Transfer> transfers) {
    std::vector<Value> sent;
    for (const Transfer& t : transfers) {
      for (int i = 0; i < t.slots; ++i) {
        sent.push_back(at(t.from, t.source + i));
        if (!sent.back().written) {
          return fmt::format("step {}: rank {} sends slot {}, which nobody has written", t.step, t.from, t.source + i);
        }
        Writes& writes = writes_[index(t.to, t.target + i)];
        (t.combine == Combine::copy ? writes.copies : writes.additions)++;
        if (writes.copies > 1 || (writes.copies == 1 && writes.additions > 0)) {
          return fmt::format("step {}: slot {} of rank {} is written twice", t.step, t.target + i, t.to);
        }
      }
    }
    auto value = sent.begin();
    for (const Transfer& t : transfers) {
      for (int i = 0; i < t.slots; ++i, ++value) {
        writes_[index(t.to, t.target + i)] = {};
        Value& target = at(t.to, t.target + i);
        if (t.combine == Combine::copy) {
          target = *value;
        } else if (Problem problem = add(target, *value)) {
          return fmt::format("step {}: {} -> {}: slot {}: {}", t.step, t.from, t.to, t.target + i, *problem);
        }
      }
    }
    return std::nullopt;
  }

  Problem add(Value& target, const Value& value) const {
    if (!target.written) return "added to what nobody has written";
    if (target.origin < 0) target.origin = value.origin;
    if (value.origin >= 0 && value.origin != target.origin) {
      return fmt::format("slot {} added to slot {}", value.origin, target.origin);
    }
    for (std::size_t r = 0; r < value.ranks.size(); ++r) {
      if (value.ranks[r] && target.ranks[r] && plan_.kind != CollectiveKind::barrier) {
        return fmt::format("the data of rank {} added twice", r);
      }
      if (value.ranks[r]) target.ranks[r] = true;
    }
    return std::nullopt;
  }

  struct Writes {
    int copies = 0, additions = 0;
  };

  const Plan& plan_;
  int slots_;
  std::vector<Value> state_;
  std::vector<int> channel_of_;
  std::vector<Writes> writes_;
};

}  // namespace

std::optional<std::string> problem_of(const Plan& plan) {
  Execution execution(plan);
  if (Problem problem = execution.run(INT32_MAX)) return problem;
  return execution.check_end();
}

std::vector<std::vector<int>> contributions_after(const Plan& plan, int last_step) {
  Execution execution(plan);
  const Problem problem = execution.run(last_step);
  SIM_ASSERT(!problem, *problem);
  std::vector<std::vector<int>> result;
  for (const Value& value : execution.state()) {
    std::vector<int>& ranks = result.emplace_back();
    for (std::size_t r = 0; r < value.ranks.size(); ++r) {
      if (value.ranks[r]) ranks.push_back(static_cast<int>(r));
    }
  }
  return result;
}

}  // namespace orrery::collective
