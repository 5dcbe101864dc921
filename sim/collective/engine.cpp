#include "sim/collective/engine.hpp"

#include <algorithm>

#include "sim/base/error.hpp"

namespace orrery::collective {

Program::Program(const Messages& messages, int participants)
    : first_visit(static_cast<std::size_t>(participants), kNone) {
  std::vector<std::uint32_t> last(first_visit.size(), kNone);  // the newest visit of each participant
  std::vector<int> in_this_step;
  const auto visit_of = [&](int participant, std::int32_t step, Messages::Index send) -> Visit& {
    const auto p = static_cast<std::size_t>(participant);
    if (last[p] == kNone || messages[visits[last[p]].first_send].step != step) {
      const auto index = static_cast<std::uint32_t>(visits.size());
      (last[p] == kNone ? first_visit[p] : visits[last[p]].next) = index;
      last[p] = index;
      visits.push_back({send, 0, 0, 0, kNone});
      in_this_step.push_back(participant);
    }
    return visits[last[p]];
  };
  for (Messages::Index begin = 0; begin < messages.end();) {
    const std::int32_t step = messages[begin].step;
    in_this_step.clear();
    Messages::Index end = begin;
    for (; end < messages.end() && messages[end].step == step; end = messages.after(end)) {
      if (!messages.is_message(end)) continue;
      Visit& sender = visit_of(messages[end].from, step, end);
      if (sender.sends++ == 0) sender.first_send = end;
      ++visit_of(messages[end].to, step, begin).receives;
    }
    auto at = static_cast<std::uint32_t>(receives.size());
    for (const int participant : in_this_step) {
      Visit& visit = visits[last[static_cast<std::size_t>(participant)]];
      visit.first_receive = at;
      at += visit.receives;
      visit.receives = 0;
    }
    receives.resize(at);
    for (Messages::Index i = begin; i < end; i = messages.after(i)) {
      if (!messages.is_message(i)) continue;
      Visit& receiver = visits[last[static_cast<std::size_t>(messages[i].to)]];
      receives[receiver.first_receive + receiver.receives++] = i;
    }
    begin = end;
  }
}

Engine::Engine(net::FlowNetwork& network, const Plan& plan, std::span<const net::NodeId> nodes,
               const EndpointCosts& costs, RankListener* listener)
    : network_(network), plan_(plan), nodes_(nodes.begin(), nodes.end()), listener_(listener),
      is_eager_(costs.protocol == Protocol::eager) {
  SIM_ASSERT(nodes_.size() == static_cast<std::size_t>(plan.participants()), "each participant has a node");
  arrived_.resize(nodes_.size(), false);
  open_channels_.resize(nodes_.size(), static_cast<std::uint32_t>(plan.channels.size()));
  ends_.resize(nodes_.size());
  channels_.reserve(plan.channels.size());
  for (std::size_t c = 0; c < plan.channels.size(); ++c) {
    const Messages messages(plan, c, costs);
    channels_.push_back({messages, Program(messages, plan.participants()),
                         std::vector<std::uint8_t>(messages.end()), std::vector<Position>(nodes_.size()), {}});
    const int after = plan.channels[c].after;
    SIM_ASSERT(after < static_cast<int>(c), "a channel begins after one that stands before it");
    if (after >= 0) channels_[static_cast<std::size_t>(after)].followers.push_back(static_cast<std::uint32_t>(c));
    if (!is_eager_) continue;
    for (Messages::Index i = 0; i < messages.end(); i = messages.after(i)) {
      if (messages.is_message(i)) connections_.insert({{messages[i].from, messages[i].to}, {}});
    }
  }
  for (int helper = plan.ranks; helper < plan.participants(); ++helper) arrive_in_channels(helper);
}

void Engine::arrive(int rank) {
  SIM_ASSERT(rank >= 0 && rank < plan_.ranks && !arrived(rank), "each rank joins once");
  arrive_in_channels(rank);
}

void Engine::arrive_in_channels(int participant) {
  arrived_[static_cast<std::size_t>(participant)] = true;
  for (std::uint32_t c = 0; c < channels_.size(); ++c) {
    if (plan_.channels[c].after < 0) begin(c, participant);
  }
}

void Engine::begin(std::uint32_t channel, int participant) {
  ChannelRun& run = channels_[channel];
  run.positions[static_cast<std::size_t>(participant)].begun = true;
  enter(channel, participant, run.program.first_visit[static_cast<std::size_t>(participant)]);
}

/// The participant has left all steps of the channel before `step`.
void Engine::begin_followers(std::uint32_t channel, int participant, std::int32_t step) {
  for (const std::uint32_t follower : channels_[channel].followers) {
    const bool begun = channels_[follower].positions[static_cast<std::size_t>(participant)].begun;
    if (!begun && plan_.channels[follower].after_step <= step) begin(follower, participant);
  }
}

/// Goes on while nothing holds the participant up, which only rendezvous always does.
void Engine::enter(std::uint32_t channel, int participant, std::uint32_t index) {
  ChannelRun& run = channels_[channel];
  for (; index != Program::kNone; index = run.program.visits[index].next) {
    const Program::Visit& visit = run.program.visits[index];
    Position& position = run.positions[static_cast<std::size_t>(participant)];
    position.visit = index;
    position.pending = visit.receives + (is_eager_ ? 0 : visit.sends);
    Messages::Index send = visit.first_send;
    for (std::uint32_t i = 0; i < visit.sends;) {
      if (run.messages.is_message(send)) {
        is_eager_ ? send_eagerly(channel, send) : meet(channel, send);
        ++i;
      }
      send = run.messages.after(send);
    }
    for (std::uint32_t i = 0; i < visit.receives; ++i) {
      const Messages::Index message = run.program.receives[visit.first_receive + i];
      if (!is_eager_) {
        meet(channel, message);
      } else if (++run.ends_there[message] == 2) {
        --position.pending;
      }
    }
    begin_followers(channel, participant, run.messages[visit.first_send].step);
    if (position.pending > 0 || adds_up(channel, participant)) return;
  }
  begin_followers(channel, participant, INT32_MAX);
  channel_done(participant);
}

void Engine::meet(std::uint32_t channel, Messages::Index message) {
  ChannelRun& run = channels_[channel];
  if (++run.ends_there[message] < 2) return;
  ++messages_;
  const Transfer& t = run.messages[message];
  start({channel, message, -1, {}, true}, t.from, t.to, run.messages.size(message), run.messages.startup(t.from));
}

void Engine::send_eagerly(std::uint32_t channel, Messages::Index message) {
  ++messages_;
  if (free_waiting_.empty()) {
    free_waiting_.push_back(static_cast<std::uint32_t>(waiting_.size()));
    waiting_.emplace_back();
  }
  const std::uint32_t slot = free_waiting_.back();
  free_waiting_.pop_back();
  waiting_[slot] = {channel, message, network_.simulator().now(), Program::kNone};
  const Transfer& t = channels_[channel].messages[message];
  Connection& connection = connections_.at({t.from, t.to});
  const bool is_free = connection.head == Program::kNone;
  (is_free ? connection.head : waiting_[connection.tail].next) = slot;
  connection.tail = slot;
  if (is_free) start_head(connection);
}

/// Its start-up runs from when it was sent.
void Engine::start_head(const Connection& connection) {
  const Waiting& head = waiting_[connection.head];
  const Messages& messages = channels_[head.channel].messages;
  const Transfer& t = messages[head.message];
  const Seconds waited = network_.simulator().now() - head.since;
  const Seconds startup = std::max(Seconds(0.0), messages.startup(t.from) - waited);
  start({head.channel, head.message, -1, {}, true}, t.from, t.to, messages.size(head.message), startup);
}

void Engine::start(Active active, int from, int to, Bytes size, Seconds startup) {
  if (free_.empty()) {
    free_.push_back(static_cast<std::uint32_t>(active_.size()));
    active_.emplace_back();
  }
  const std::uint32_t slot = free_.back();
  free_.pop_back();
  active.flow = network_.start(nodes_[static_cast<std::size_t>(from)], nodes_[static_cast<std::size_t>(to)], size,
                               *this, slot, 1.0, startup);
  active_[slot] = active;
}

void Engine::flow_ended(std::uint64_t token) {
  active_[token].on_the_way = false;
  free_.push_back(static_cast<std::uint32_t>(token));
  const Active ended = active_[token];
  if (ended.adding >= 0) {
    leave_visit(ended.channel, ended.adding);
    return;
  }
  const Transfer& t = channels_[ended.channel].messages[ended.message];
  if (is_eager_) {
    Connection& connection = connections_.at({t.from, t.to});
    free_waiting_.push_back(connection.head);
    connection.head = waiting_[connection.head].next;
    if (connection.head != Program::kNone) start_head(connection);
    if (++channels_[ended.channel].ends_there[ended.message] == 2) ended_at(ended.channel, t.to);
    return;
  }
  ended_at(ended.channel, t.from);
  ended_at(ended.channel, t.to);
}

/// A message of the participant's visit has ended. When all have, it adds up what it received and goes on.
void Engine::ended_at(std::uint32_t channel, int participant) {
  if (--channels_[channel].positions[static_cast<std::size_t>(participant)].pending > 0) return;
  if (!adds_up(channel, participant)) leave_visit(channel, participant);
}

/// False when there is nothing to add, or adding takes no time.
bool Engine::adds_up(std::uint32_t channel, int participant) {
  const ChannelRun& run = channels_[channel];
  const SecondsPerByte pace = run.messages.adding_pace(participant);
  if (pace.value() == 0.0) return false;
  Bytes added{0.0};
  const Program::Visit& visit = run.program.visits[run.positions[static_cast<std::size_t>(participant)].visit];
  for (std::uint32_t i = 0; i < visit.receives; ++i) {
    added += run.messages.added(run.program.receives[visit.first_receive + i]);
  }
  if (added.value() == 0.0) return false;
  start({channel, 0, participant, {}, true}, participant, participant, Bytes(0.0), added * pace);
  return true;
}

void Engine::leave_visit(std::uint32_t channel, int participant) {
  const ChannelRun& run = channels_[channel];
  enter(channel, participant, run.program.visits[run.positions[static_cast<std::size_t>(participant)].visit].next);
}

void Engine::channel_done(int participant) {
  const auto p = static_cast<std::size_t>(participant);
  if (--open_channels_[p] > 0) return;
  ends_[p] = network_.simulator().now();
  if (participant < plan_.ranks && listener_ != nullptr) listener_->rank_done(participant);
}

void Engine::cancel() {
  for (Active& active : active_) {
    if (active.on_the_way) network_.cancel(active.flow);
    active.on_the_way = false;
  }
}

}  // namespace orrery::collective
