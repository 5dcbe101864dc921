// How gradients and models travel in a simulated run: without taking time, through parameter servers, or by collectives
// among the learners. The engine says who sends and is told when it has arrived; what is in a message is none of this
// concern (learning.hpp).
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "sim/base/units.hpp"
#include "sim/kernel/simulator.hpp"
#include "workloads/sgd/spec.hpp"
#include "workloads/sync/variant.hpp"

namespace orrery::sgd {

/// Who is told of arrivals; it may go on sending from there.
class Receiver {
 public:
  virtual void gradient_arrived(int learner) = 0;
  virtual void model_arrived(int learner) = 0;
  /// All models of that round have come together: this is the moment at which they are mixed.
  virtual void round_mixes(int first_member) = 0;
  /// The messages of the learner's round are through.
  virtual void round_through(int learner) = 0;

 protected:
  ~Receiver() = default;
};

/// Bytes of a message.
struct MessageSizes {
  Bytes dense{0.0};         ///< a model, or a gradient that is not compressed
  Bytes push{0.0};          ///< a gradient as it is pushed
  Bytes pull{0.0};          ///< the change of one update as it is pulled
  bool compressed_pull = false;
  std::int64_t numbers = 0; ///< in a model of that size

  /// What a learner pulls that has missed so many updates: their changes, or the model where that is smaller.
  Bytes pull_of(std::int64_t missed) const;
};
/// `model_size`: none means 4 bytes per parameter; a model of another size stands for one of as many 4-byte numbers.
MessageSizes message_sizes(const SgdSpec& spec, std::optional<Bytes> model_size, std::int64_t parameters);

class Exchange {
 public:
  virtual ~Exchange() = default;

  /// Central variants: the learner's gradient to the server, the server's model to the learner. One message of a
  /// learner at a time.
  virtual void push(int learner) = 0;
  virtual void pull(int learner, std::int64_t missed) = 0;
  /// Takes the learner's message off the network, if it has one, and ends the round that it is in; nobody is told.
  virtual void cancel(int learner) = 0;
  /// How long an update of the server's model takes, during which no other gradient is looked at.
  virtual Seconds update_time() const { return Seconds(0.0); }
  /// True where an update is a collective of all learners, who communicate in that time.
  virtual bool updates_together() const { return false; }
  /// Local variants: the messages of a round. `members`: in ascending order; each in one round at a time.
  virtual void round(sync::RoundTraffic traffic, std::span<const int> members) = 0;
  /// Told of each update where updates_together().
  virtual void count_update() {}

  /// Of messages that have arrived.
  Bytes pushed() const { return pushed_; }
  Bytes pulled() const { return pulled_; }

 protected:
  Bytes pushed_{0.0}, pulled_{0.0};
};

/// The exchange that the spec's aggregation asks for. References outlive it.
std::unique_ptr<Exchange> make_exchange(const SgdSpec& spec, std::int64_t parameters, kernel::Simulator& simulator,
                                        Receiver& receiver);
std::unique_ptr<Exchange> free_exchange(const SgdSpec& spec, std::int64_t parameters, Receiver& receiver);
std::unique_ptr<Exchange> server_exchange(const SgdSpec& spec, const ServerAggregation& config, std::int64_t parameters,
                                          kernel::Simulator& simulator, Receiver& receiver);
std::unique_ptr<Exchange> all_reduce_exchange(const SgdSpec& spec, const AllReduceAggregation& config,
                                              std::int64_t parameters, kernel::Simulator& simulator,
                                              Receiver& receiver);

}  // namespace orrery::sgd
