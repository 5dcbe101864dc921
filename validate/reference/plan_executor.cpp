#include "validate/reference/plan_executor.hpp"

#include <algorithm>

#include "sim/base/error.hpp"

namespace orrery::reference {
namespace {

std::size_t index(std::int64_t number) {
  return static_cast<std::size_t>(number);
}

}  // namespace

PlanExecutor::PlanExecutor(const collective::Plan& plan, int participant)
    : elements_(index(plan.layout.offset(participant, plan.layout.slots()))) {
  for (const collective::Channel& source : plan.channels) {
    Channel channel;
    const std::vector<collective::Transfer>& all = source.transfers;
    for (auto begin = all.begin(); begin != all.end();) {
      const auto end =
          std::find_if(begin, all.end(), [&](const collective::Transfer& t) { return t.step != begin->step; });
      Step step = read_step(std::span(&*begin, index(end - begin)), plan, participant);
      step.number = begin->step;
      // Steps in which this participant has no part do not hold it up.
      if (!step.sends.empty() || !step.applies.empty()) channel.steps.push_back(std::move(step));
      begin = end;
    }
    channels_.push_back(std::move(channel));
    if (source.after >= 0) follow(source, channels_.size() - 1);
  }
}

/// Of the channel before it, this participant's steps below after_step come first.
void PlanExecutor::follow(const collective::Channel& source, std::size_t channel) {
  SIM_ASSERT(index(source.after) < channel, "a channel begins after one that stands before it");
  Channel& leader = channels_[index(source.after)];
  const auto steps = std::count_if(leader.steps.begin(), leader.steps.end(),
                                   [&](const Step& step) { return step.number < source.after_step; });
  leader.followers.push_back({channel, index(steps)});
  channels_[channel].follows = true;
}

/// Transfers of one step between the same two are neighbours in the list, so they extend the last message, and what is
/// staged for a message is contiguous.
PlanExecutor::Step PlanExecutor::read_step(std::span<const collective::Transfer> transfers,
                                           const collective::Plan& plan, int participant) {
  Step step;
  for (const collective::Transfer& t : transfers) {
    const bool is_sent = t.from == participant, is_received = t.to == participant;
    if (!is_sent && !is_received) continue;
    const int peer = is_sent ? t.to : t.from;
    const std::size_t count = index(plan.layout.elements(participant, is_sent ? t.source : t.target, t.slots));
    std::vector<Message>& list = is_sent && is_received ? step.copies : is_sent ? step.sends : step.receives;
    if (list.empty() || list.back().peer != peer) list.push_back({peer, step.staging, 0, {}});
    Message& message = list.back();
    SIM_ASSERT(message.staged + message.count == step.staging, "the transfers of a step are sorted");
    if (is_sent) message.parts.push_back({index(plan.layout.offset(participant, t.source)), count});
    if (is_received) {
      step.applies.push_back({step.staging, {index(plan.layout.offset(participant, t.target)), count}, t.combine});
    }
    message.count += count;
    step.staging += count;
  }
  return step;
}

void PlanExecutor::run(calibrate::PointToPoint& messages, std::span<float> buffer) {
  start(messages, buffer);
  while (channels_left_ > 0) {
    if (!advance() && finished_.empty()) messages.pause();
  }
}

void PlanExecutor::start(calibrate::PointToPoint& messages, std::span<float> buffer) {
  SIM_ASSERT(buffer.size() == elements_, "a buffer of the plan's size");
  messages_ = &messages;
  buffer_ = buffer;
  channels_left_ = channels_.size();
  for (std::size_t c = 0; c < channels_.size(); ++c) {
    channels_[c].next = 0;
    channels_[c].under_way = 0;
    channels_[c].begun = false;
  }
  for (std::size_t c = 0; c < channels_.size(); ++c) {
    if (!channels_[c].follows) go_on(c);
  }
}

/// All that finished is counted before anything new starts, because what is new may get the numbers of what finished.
bool PlanExecutor::advance() {
  finished_.clear();
  messages_->poll(finished_);
  ready_.clear();
  for (const calibrate::PointToPoint::Request request : finished_) {
    const std::size_t c = owner_[request];
    if (--channels_[c].under_way == 0) ready_.push_back(c);
  }
  for (const std::size_t c : ready_) {
    apply(channels_[c]);
    go_on(c);
  }
  return channels_left_ == 0;
}

/// Starts the channel's next step; those that need no message are done on the spot.
void PlanExecutor::go_on(std::size_t c) {
  Channel& channel = channels_[c];
  channel.begun = true;
  for (; channel.next < channel.steps.size(); apply(channel)) {
    const Step& step = channel.steps[channel.next];
    channel.staging.resize(std::max(channel.staging.size(), step.staging));
    const std::span<float> staging(channel.staging);
    const int tag = static_cast<int>(c);
    for (const Message& m : step.receives) {
      own(messages_->receive(staging.subspan(m.staged, m.count), m.peer, tag), c);
    }
    for (const Message& m : step.sends) own(messages_->send(gather(m, staging), m.peer, tag), c);
    for (const Message& m : step.copies) pack(m, staging);
    if (channel.under_way > 0) {
      begin_followers(channel);
      return;
    }
  }
  --channels_left_;
  begin_followers(channel);
}

void PlanExecutor::begin_followers(const Channel& channel) {
  for (const Follower& follower : channel.followers) {
    if (follower.next <= channel.next && !channels_[follower.channel].begun) go_on(follower.channel);
  }
}

/// Where the message can be read: in the buffer itself when it is one piece there, which nothing changes before the
/// step's end.
std::span<const float> PlanExecutor::gather(const Message& message, std::span<float> staging) const {
  if (message.parts.size() == 1) return buffer_.subspan(message.parts[0].offset, message.count);
  pack(message, staging);
  return staging.subspan(message.staged, message.count);
}

void PlanExecutor::pack(const Message& message, std::span<float> staging) const {
  float* at = staging.data() + message.staged;
  for (const Part& part : message.parts) at = std::copy_n(buffer_.data() + part.offset, part.count, at);
}

/// What the finished step received, in the order of the plan.
void PlanExecutor::apply(Channel& channel) {
  for (const Apply& a : channel.steps[channel.next].applies) {
    const float* const source = channel.staging.data() + a.staged;
    float* const target = buffer_.data() + a.target.offset;
    if (a.combine == collective::Combine::copy) {
      std::copy_n(source, a.target.count, target);
    } else {
      for (std::size_t i = 0; i < a.target.count; ++i) target[i] += source[i];
    }
  }
  ++channel.next;
}

void PlanExecutor::own(calibrate::PointToPoint::Request request, std::size_t channel) {
  if (owner_.size() <= request) owner_.resize(request + 1);
  owner_[request] = channel;
  ++channels_[channel].under_way;
}

}  // namespace orrery::reference
