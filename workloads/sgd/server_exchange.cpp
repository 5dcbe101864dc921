// Gradients to parameter servers and models back (Li et al., Scaling distributed machine learning with the parameter
// server, OSDI 2014), as flows that share links: pushes that are on the way together meet at the servers' ports
// (incast). Learner i is on host i; server j, on the host behind the learners', holds the j-th of `servers` equal
// parts.
//
// A round of a local variant: its members push their models, the servers need the time of one update, at whose end the
// models are mixed, the members pull.
#include <algorithm>
#include <vector>

#include "sim/base/error.hpp"
#include "sim/base/rng.hpp"
#include "sim/net/flow_network.hpp"
#include "workloads/sgd/exchange.hpp"

namespace orrery::sgd {

namespace {

net::Topology topology_for(net::NetworkConfig network, int hosts) {
  net::resize(network, hosts);
  return net::build(network);
}

class ServerExchange final : public Exchange, private net::FlowListener {
 public:
  ServerExchange(const SgdSpec& spec, const ServerAggregation& config, std::int64_t parameters,
                 kernel::Simulator& simulator, Receiver& receiver)
      : sizes_(message_sizes(spec, config.model_size, parameters)),
        servers_(config.servers),
        learners_(spec.learners),
        update_(config.update),
        jitter_(config.jitter),
        simulator_(simulator),
        receiver_(receiver),
        topology_(topology_for(config.network, spec.learners + config.servers)),
        router_(topology_),
        network_(simulator, router_),
        messages_(static_cast<std::size_t>(spec.learners)),
        rounds_(static_cast<std::size_t>(spec.learners)) {
    for (std::size_t i = 0; i < messages_.size(); ++i) {
      messages_[i].flows.resize(static_cast<std::size_t>(servers_));
      jitter_draws_.push_back(stream(spec.seed, "message jitter", i));
      rounds_[i].members.reserve(messages_.size());
    }
  }

  void push(int learner) override { send(learner, Content::gradient, sizes_.push); }
  void pull(int learner, std::int64_t missed) override { send(learner, Content::model, sizes_.pull_of(missed)); }
  Seconds update_time() const override { return update_; }

  void cancel(int learner) override {
    Message& message = messages_[static_cast<std::size_t>(learner)];
    if (message.round != kNoRound) {
      Round& round = rounds_[static_cast<std::size_t>(message.round)];
      round.mixing.cancel();
      round.members.clear();
      message.round = kNoRound;
    }
    if (message.content == Content::nothing) return;
    for (const net::FlowId flow : message.flows) network_.cancel(flow);
    message.content = Content::nothing;
  }

  void round(sync::RoundTraffic, std::span<const int> members) override {
    Round& round = rounds_[static_cast<std::size_t>(members.front())];
    round.members.assign(members.begin(), members.end());
    round.to_come = members.size();
    for (const int member : members) {
      messages_[static_cast<std::size_t>(member)].round = members.front();
      send(member, Content::round_push, sizes_.dense);
    }
  }

 private:
  static constexpr int kNoRound = -1;
  enum class Content : std::uint8_t { nothing, gradient, model, round_push, round_pull };

  /// The one message that a learner sends or receives, in as many parts as there are servers.
  struct Message {
    Content content = Content::nothing;
    Bytes size{0.0};
    int parts = 0;  // on the way
    int round = kNoRound;  // the first member of the round that the learner is in
    std::vector<net::FlowId> flows;
  };
  struct Round {
    std::vector<int> members;
    std::size_t to_come = 0;  // pushes
    kernel::EventHandle mixing;
  };

  void send(int learner, Content content, Bytes size) {
    Message& message = messages_[static_cast<std::size_t>(learner)];
    SIM_ASSERT(message.content == Content::nothing, "a learner has one message at a time");
    message.content = content;
    message.size = size;
    message.parts = servers_;
    RngStream& draws = jitter_draws_[static_cast<std::size_t>(learner)];
    const auto hosts = topology_.hosts();
    const bool to_server = content == Content::gradient || content == Content::round_push;
    for (int part = 0; part < servers_; ++part) {
      const net::NodeId of_learner = hosts[static_cast<std::size_t>(learner)];
      const net::NodeId of_server = hosts[static_cast<std::size_t>(learners_ + part)];
      const Seconds delay(jitter_ > Seconds(0.0) ? draws.exponential(jitter_.value()) : 0.0);
      message.flows[static_cast<std::size_t>(part)] =
          network_.start(to_server ? of_learner : of_server, to_server ? of_server : of_learner,
                         size / static_cast<double>(servers_), *this, static_cast<std::uint64_t>(learner), 1.0, delay);
    }
  }

  void flow_ended(std::uint64_t token) override {
    Message& message = messages_[token];
    if (--message.parts > 0) return;
    const auto learner = static_cast<int>(token);
    const Content content = message.content;
    message.content = Content::nothing;
    (content == Content::gradient || content == Content::round_push ? pushed_ : pulled_) += message.size;
    switch (content) {
      case Content::gradient: receiver_.gradient_arrived(learner); break;
      case Content::model: receiver_.model_arrived(learner); break;
      case Content::round_push: round_pushed(message.round); break;
      case Content::round_pull:
        message.round = kNoRound;
        receiver_.round_through(learner);
        break;
      case Content::nothing: SIM_ASSERT(false, "a cancelled message arrived");
    }
  }

  /// When all models of a round are there, the servers mix them, one round after the other.
  void round_pushed(int first_member) {
    Round& round = rounds_[static_cast<std::size_t>(first_member)];
    if (--round.to_come > 0 || round.members.empty()) return;
    mixed_at_ = std::max(mixed_at_, simulator_.now()) + update_;
    round.mixing = simulator_.at(mixed_at_, [this, first_member] {
      receiver_.round_mixes(first_member);
      for (const int member : rounds_[static_cast<std::size_t>(first_member)].members) {
        send(member, Content::round_pull, sizes_.dense);
      }
    });
  }

  MessageSizes sizes_;
  int servers_, learners_;
  Seconds update_, jitter_;
  kernel::Simulator& simulator_;
  Receiver& receiver_;
  net::Topology topology_;
  net::Router router_;
  net::FlowNetwork network_;
  std::vector<Message> messages_;  // by learner
  std::vector<RngStream> jitter_draws_;
  std::vector<Round> rounds_;      // by first member
  SimTime mixed_at_;
};

}  // namespace

std::unique_ptr<Exchange> server_exchange(const SgdSpec& spec, const ServerAggregation& config, std::int64_t parameters,
                                          kernel::Simulator& simulator, Receiver& receiver) {
  return std::make_unique<ServerExchange>(spec, config, parameters, simulator, receiver);
}

}  // namespace orrery::sgd
