// Learners that average among themselves by collectives, all of them in every update or round. Nothing else is on the
// network and all begin together (when the last one is there), so each collective is timed once; all go on when the
// last one is through.
//
// Compressed gradients cannot be added up on their way (their sparse or coarse forms are not closed under addition), so
// each learner gets all of them: an all-gather of compressed gradients (Xu et al., GRACE, ICDCS 2021).
#include "sim/base/error.hpp"
#include "sim/collective/executor.hpp"
#include "sim/collective/placement.hpp"
#include "workloads/sgd/demands.hpp"
#include "workloads/sgd/exchange.hpp"

namespace orrery::sgd {

namespace {

/// One collective of a run: how long it takes, and what all learners send and receive in it.
struct TimedCollective {
  Seconds time{0.0};
  Bytes sent{0.0}, received{0.0};
};

TimedCollective timed(const Collective& what, const net::NetworkConfig& config, int learners) {
  TimedCollective result;
  if (learners == 1) return result;
  net::NetworkConfig network = config;
  net::resize(network, learners + what.algorithm->servers());
  const net::Topology topology = net::build(network);
  net::Router router(topology);
  const auto request = collective::request_on(topology, what.kind, learners, what.elements);
  if (const auto refusal = what.algorithm->refusal(request)) {
    throw ScenarioError("aggregation.algorithm", what.algorithm.name() + " " + *refusal);
  }
  const collective::Plan plan = what.algorithm->plan(request);
  const collective::EndpointCosts costs{.element = what.element};
  const auto timing = collective::time_plan(plan, router, collective::place(plan, topology), costs);
  SIM_ASSERT(timing, "a plan has a time");
  result.time = timing->time;
  for (int rank = 0; rank < learners; ++rank) {
    result.sent += static_cast<double>(collective::elements_sent(plan, rank)) * what.element;
    result.received += static_cast<double>(collective::elements_received(plan, rank)) * what.element;
  }
  return result;
}

class AllReduceExchange final : public Exchange {
 public:
  AllReduceExchange(const SgdSpec& spec, const AllReduceAggregation& config, std::int64_t parameters,
                    kernel::Simulator& simulator, Receiver& receiver)
      : simulator_(simulator),
        receiver_(receiver),
        learners_(static_cast<std::size_t>(spec.learners)),
        collective_(timed(collective_of(spec, config, parameters), config.network, spec.learners)) {}

  void push(int learner) override { receiver_.gradient_arrived(learner); }
  void pull(int learner, std::int64_t) override { receiver_.model_arrived(learner); }
  void cancel(int) override { round_.cancel(); }
  Seconds update_time() const override { return collective_.time; }
  bool updates_together() const override { return true; }
  void count_update() override {
    pushed_ += collective_.sent;
    pulled_ += collective_.received;
  }

  void round(sync::RoundTraffic, std::span<const int> members) override {
    SIM_ASSERT(members.size() == learners_, "all learners take part in a collective");
    round_ = simulator_.after(collective_.time, [this] {
      count_update();
      receiver_.round_mixes(0);
      for (int i = 0; i < static_cast<int>(learners_); ++i) receiver_.round_through(i);
    });
  }

 private:
  kernel::Simulator& simulator_;
  Receiver& receiver_;
  std::size_t learners_;
  TimedCollective collective_;
  kernel::EventHandle round_;
};

}  // namespace

std::unique_ptr<Exchange> all_reduce_exchange(const SgdSpec& spec, const AllReduceAggregation& config,
                                              std::int64_t parameters, kernel::Simulator& simulator,
                                              Receiver& receiver) {
  return std::make_unique<AllReduceExchange>(spec, config, parameters, simulator, receiver);
}

}  // namespace orrery::sgd
