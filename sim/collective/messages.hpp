// What travels: the transfers of one (step, from, to) are one message. They stand side by side in a finished channel,
// so a message is named by the index of its first transfer and needs no list of its own.
#pragma once

#include <cstdint>

#include "sim/collective/executor.hpp"
#include "sim/collective/plan.hpp"

namespace orrery::collective {

class Messages {
 public:
  using Index = std::uint32_t;  ///< of a message's first transfer

  /// Keeps references to the plan and a copy of the costs.
  Messages(const Plan& plan, std::size_t channel, const EndpointCosts& costs)
      : plan_(&plan), transfers_(&plan.channels[channel].transfers), costs_(costs) {}

  Index end() const { return static_cast<Index>(transfers_->size()); }
  const Transfer& operator[](Index message) const { return (*transfers_)[message]; }
  /// The transfer after the message's last one.
  Index after(Index message) const {
    const Transfer& first = (*this)[message];
    Index next = message + 1;
    while (next < end() && belongs(first, (*this)[next])) ++next;
    return next;
  }
  /// A local copy is none.
  bool is_message(Index message) const { return (*this)[message].from != (*this)[message].to; }

  Bytes size(Index message) const {
    std::int64_t elements = 0;
    for (Index i = message, last = after(message); i < last; ++i) elements += elements_of((*this)[i]);
    return static_cast<double>(elements) * costs_.element;
  }
  /// The part of it that the receiver adds.
  Bytes added(Index message) const {
    std::int64_t elements = 0;
    for (Index i = message, last = after(message); i < last; ++i) {
      if ((*this)[i].combine == Combine::add) elements += elements_of((*this)[i]);
    }
    return static_cast<double>(elements) * costs_.element;
  }
  Seconds startup(int from) const { return reduces_in_network(from) ? Seconds(0.0) : costs_.alpha; }
  SecondsPerByte adding_pace(int participant) const {
    return reduces_in_network(participant) ? SecondsPerByte(0.0) : costs_.gamma;
  }

 private:
  static bool belongs(const Transfer& first, const Transfer& t) {
    return t.to == first.to && t.from == first.from && t.step == first.step;
  }
  std::int64_t elements_of(const Transfer& t) const { return plan_->layout.elements(t.from, t.source, t.slots); }
  bool reduces_in_network(int participant) const {
    return participant >= plan_->ranks && plan_->helper_role == HelperRole::reducer;
  }

  const Plan* plan_;
  const std::vector<Transfer>* transfers_;
  EndpointCosts costs_;
};

}  // namespace orrery::collective
