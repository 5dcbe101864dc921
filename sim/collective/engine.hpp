// A plan being executed on a flow network, event by event. Each participant goes through its own list of visits (the
// steps of a channel in which it takes part); a message starts as a flow when both ends have reached its step, or, when
// it is eager, when its sender has and what went before it to the same receiver is there. Nothing is allocated per
// message once the engine stands.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "sim/collective/executor.hpp"
#include "sim/collective/messages.hpp"
#include "sim/net/flow_network.hpp"

namespace orrery::collective {

/// Who is told that a rank has done its part.
class RankListener {
 public:
  virtual void rank_done(int rank) = 0;

 protected:
  ~RankListener() = default;
};

/// One channel compiled: the visits of each participant in order. Its sends are side by side in the channel, its
/// receives in `receives`.
struct Program {
  static constexpr std::uint32_t kNone = UINT32_MAX;
  struct Visit {
    Messages::Index first_send = 0;    ///< the first of `sends` messages
    std::uint32_t first_receive = 0;   ///< the first of `receives` entries
    std::uint32_t sends = 0, receives = 0;
    std::uint32_t next = kNone;        ///< visit of the same participant
  };

  Program(const Messages& messages, int participants);

  std::vector<std::uint32_t> first_visit;  ///< by participant; kNone: takes no part
  std::vector<Visit> visits;               ///< in order of steps
  std::vector<Messages::Index> receives;
};

class Engine final : private net::FlowListener {
 public:
  /// Keeps references to network, plan and listener (which may be absent). Helpers take part from now on.
  Engine(net::FlowNetwork& network, const Plan& plan, std::span<const net::NodeId> nodes, const EndpointCosts& costs,
         RankListener* listener = nullptr);
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  /// Takes what is on the way off the network. REQUIRES: the network still stands.
  ~Engine() { cancel(); }

  /// The rank is there now. REQUIRES: not before.
  void arrive(int rank);
  bool done(int rank) const { return open_channels_[static_cast<std::size_t>(rank)] == 0; }
  bool arrived(int rank) const { return arrived_[static_cast<std::size_t>(rank)]; }
  /// When the rank was done. REQUIRES: done.
  SimTime end_of(int rank) const { return ends_[static_cast<std::size_t>(rank)]; }
  std::int64_t messages() const { return messages_; }
  /// Everything on the way is taken off the network; nobody gets done any more.
  void cancel();

 private:
  struct Position {
    std::uint32_t visit = Program::kNone;
    std::uint32_t pending = 0;  // messages of the visit that have not ended
    bool begun = false;
  };
  struct ChannelRun {
    Messages messages;
    Program program;
    std::vector<std::uint8_t> ends_there;  // by message: of sender and receiver (rendezvous) or of arrival and
                                           // receiver (eager), how many have reached its step
    std::vector<Position> positions;       // by participant
    std::vector<std::uint32_t> followers;  // channels that begin after steps of this one
  };
  /// A message on the way, or a participant that adds up (a flow from its node to itself, which keeps exact time).
  struct Active {
    std::uint32_t channel = 0;
    Messages::Index message = 0;
    int adding = -1;  // participant
    net::FlowId flow;
    bool on_the_way = false;
  };

  /// Eager messages of one sender to one receiver: `head` is on the way, the others wait in a list.
  struct Waiting {
    std::uint32_t channel = 0;
    Messages::Index message = 0;
    SimTime since;
    std::uint32_t next = Program::kNone;
  };
  struct Connection {
    std::uint32_t head = Program::kNone, tail = Program::kNone;  // indices of waiting_
  };

  void flow_ended(std::uint64_t token) override;
  void arrive_in_channels(int participant);
  void begin(std::uint32_t channel, int participant);
  void begin_followers(std::uint32_t channel, int participant, std::int32_t step);
  void enter(std::uint32_t channel, int participant, std::uint32_t visit);
  void meet(std::uint32_t channel, Messages::Index message);
  void send_eagerly(std::uint32_t channel, Messages::Index message);
  void start_head(const Connection& connection);
  void start(Active active, int from, int to, Bytes size, Seconds startup);
  void ended_at(std::uint32_t channel, int participant);
  bool adds_up(std::uint32_t channel, int participant);
  void leave_visit(std::uint32_t channel, int participant);
  void channel_done(int participant);

  net::FlowNetwork& network_;
  const Plan& plan_;
  std::vector<net::NodeId> nodes_;
  RankListener* listener_;
  std::vector<ChannelRun> channels_;
  const bool is_eager_;
  std::map<std::pair<std::int32_t, std::int32_t>, Connection> connections_;  // sender and receiver; eager only
  std::vector<Waiting> waiting_;
  std::vector<std::uint32_t> free_waiting_;
  std::vector<Active> active_;
  std::vector<std::uint32_t> free_;
  std::vector<bool> arrived_;
  std::vector<std::uint32_t> open_channels_;  // by participant
  std::vector<SimTime> ends_;
  std::int64_t messages_ = 0;
};

}  // namespace orrery::collective
