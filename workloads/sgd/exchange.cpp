#include "workloads/sgd/exchange.hpp"

#include <algorithm>
#include <cmath>
#include <variant>

namespace orrery::sgd {

Bytes MessageSizes::pull_of(std::int64_t missed) const {
  return compressed_pull ? std::min(dense, static_cast<double>(missed) * pull) : dense;
}

MessageSizes message_sizes(const SgdSpec& spec, std::optional<Bytes> model_size, std::int64_t parameters) {
  constexpr double kBytesPerNumber = 4.0;
  MessageSizes sizes;
  sizes.numbers = model_size ? static_cast<std::int64_t>(std::ceil(model_size->value() / kBytesPerNumber)) : parameters;
  sizes.dense = model_size.value_or(Bytes(kBytesPerNumber * static_cast<double>(parameters)));
  sizes.compressed_pull = spec.pull.method.name() != "none";
  sizes.push = spec.push.method.name() == "none" ? sizes.dense : spec.push.method->size(sizes.numbers);
  sizes.pull = sizes.compressed_pull ? spec.pull.method->size(sizes.numbers) : sizes.dense;
  return sizes;
}

namespace {

/// Messages take no time; their bytes are counted all the same.
class FreeExchange final : public Exchange {
 public:
  FreeExchange(const MessageSizes& sizes, Receiver& receiver) : sizes_(sizes), receiver_(receiver) {}

  void push(int learner) override {
    pushed_ += sizes_.push;
    receiver_.gradient_arrived(learner);
  }
  void pull(int learner, std::int64_t missed) override {
    pulled_ += sizes_.pull_of(missed);
    receiver_.model_arrived(learner);
  }
  void cancel(int) override {}
  void round(sync::RoundTraffic, std::span<const int> members) override {
    pushed_ += static_cast<double>(members.size()) * sizes_.dense;
    pulled_ += static_cast<double>(members.size()) * sizes_.dense;
    receiver_.round_mixes(members.front());
    for (const int member : members) receiver_.round_through(member);
  }

 private:
  MessageSizes sizes_;
  Receiver& receiver_;
};

}  // namespace

std::unique_ptr<Exchange> free_exchange(const SgdSpec& spec, std::int64_t parameters, Receiver& receiver) {
  return std::make_unique<FreeExchange>(message_sizes(spec, std::nullopt, parameters), receiver);
}

std::unique_ptr<Exchange> make_exchange(const SgdSpec& spec, std::int64_t parameters, kernel::Simulator& simulator,
                                        Receiver& receiver) {
  if (const auto* servers = std::get_if<ServerAggregation>(&spec.aggregation)) {
    return server_exchange(spec, *servers, parameters, simulator, receiver);
  }
  if (const auto* collective = std::get_if<AllReduceAggregation>(&spec.aggregation)) {
    return all_reduce_exchange(spec, *collective, parameters, simulator, receiver);
  }
  return free_exchange(spec, parameters, receiver);
}

}  // namespace orrery::sgd
