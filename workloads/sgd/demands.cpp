#include "workloads/sgd/demands.hpp"

#include <cmath>
#include <string>
#include <vector>

#include "sim/collective/placement.hpp"
#include "workloads/sgd/engine.hpp"
#include "workloads/sgd/exchange.hpp"
#include "workloads/sync/coordinator.hpp"

namespace orrery::sgd {

/// Two updates are played through, learner after learner: only the last arrival may do anything, and then all.
bool updates_with_all(const sync::Variant& variant, int learners) {
  sync::Coordinator coordinator(variant, learners);
  for (int arrival = 0; arrival < 2 * learners; ++arrival) {
    const int learner = arrival % learners;
    const bool last = learner == learners - 1;
    const sync::Orders& orders = coordinator.arrive(learner, Seconds(arrival), 1.0);
    if (orders.use != (last ? sync::Use::apply : sync::Use::hold)) return false;
    for (int i = 0; i < learners; ++i) {
      const sync::Next next = orders.next[static_cast<std::size_t>(i)];
      if ((next == sync::Next::fetch) != last || next == sync::Next::repeat) return false;
    }
  }
  return true;
}

std::optional<sync::RoundTraffic> round_traffic(const sync::Variant& variant, int learners) {
  if (variant.is_central()) return std::nullopt;
  const std::vector<sync::LearnerView> all_wait(static_cast<std::size_t>(learners));
  sync::Round round;
  variant.on_round(0, {0, all_wait, {}, {}}, round);
  return round.traffic;
}

Collective collective_of(const SgdSpec& spec, const AllReduceAggregation& config, std::int64_t parameters) {
  const MessageSizes sizes = message_sizes(spec, config.model_size, parameters);
  const Bytes number = sizes.dense / static_cast<double>(sizes.numbers);
  if (round_traffic(*spec.variant, spec.learners) == sync::RoundTraffic::neighbours) {
    return {CollectiveKind::neighbor_average, Registered<collective::Algorithm>("neighbors"), sizes.numbers, number};
  }
  if (spec.push.method.name() == "none") return {CollectiveKind::all_reduce, config.algorithm, sizes.numbers, number};
  const auto bytes = static_cast<std::int64_t>(std::ceil(sizes.push.value()));
  return {CollectiveKind::all_gather, config.algorithm, spec.learners * bytes, Bytes(1.0)};
}

namespace {

using Reason = std::optional<std::string>;

Reason refuse_compression(const SgdSpec& spec) {
  const bool compressed = spec.push.method.name() != "none" || spec.pull.method.name() != "none";
  if (compressed && !spec.variant->is_central()) {
    return spec.variant->label() + " exchanges models, and compression is for gradients; use push and pull \"none\"";
  }
  if (spec.pull.method.name() != "none" && std::holds_alternative<AllReduceAggregation>(spec.aggregation)) {
    return "aggregation all_reduce pulls nothing; compress the push alone";
  }
  return std::nullopt;
}

Reason refuse_collective(const SgdSpec& spec, const AllReduceAggregation& config) {
  if (spec.learners == 1) return std::nullopt;
  if (spec.variant->is_central() && !updates_with_all(*spec.variant, spec.learners)) {
    return "aggregation all_reduce takes a gradient of every learner for every update, and " + spec.variant->label() +
           " does not wait for all; use aggregation parameter_server or free, or variant sync";
  }
  if (round_traffic(*spec.variant, spec.learners) == sync::RoundTraffic::server) {
    return spec.variant->label() + " has a model at a server; use aggregation parameter_server or free";
  }
  const Collective what = collective_of(spec, config, spec.learners);
  net::NetworkConfig network = config.network;
  net::resize(network, spec.learners + what.algorithm->servers());
  const auto refusal = what.algorithm->refusal(
      collective::request_on(net::build(network), what.kind, spec.learners, what.elements));
  if (refusal) return "aggregation all_reduce with algorithm " + what.algorithm.name() + " " + *refusal;
  return std::nullopt;
}

Reason refuse_servers(const SgdSpec& spec) {
  if (round_traffic(*spec.variant, spec.learners) != sync::RoundTraffic::neighbours) return std::nullopt;
  return spec.variant->label() + " has no server; use aggregation all_reduce or free";
}

/// Schedules, warm-up and horizons in epochs would never come to anything where no epoch ever passes.
Reason refuse_epochs(const SgdSpec& spec) {
  if (spec.problem->needs_data() || spec.problem->bind(nullptr)->samples() > 0) return std::nullopt;
  const std::string no_epochs = " counts epochs, but problem " + spec.problem.name() + " has no training set; ";
  if (spec.update.warm_up > 0.0) return "update.warm_up" + no_epochs + "use 0";
  if (!std::holds_alternative<learn::ConstantRate>(spec.update.schedule)) {
    return "update.schedule" + no_epochs + "use \"constant\"";
  }
  if (spec.horizon.epochs) return "horizon.epochs" + no_epochs + "use horizon.updates or horizon.time";
  return std::nullopt;
}

}  // namespace

std::optional<std::string> refusal(const SgdSpec& spec) {
  if (Reason reason = spec.variant->refusal(spec.learners)) return reason;
  if (Reason reason = spec.compute.distribution->refusal()) return reason;
  if (Reason reason = refuse_compression(spec)) return reason;
  if (Reason reason = refuse_epochs(spec)) return reason;
  if (const auto* collective = std::get_if<AllReduceAggregation>(&spec.aggregation)) {
    return refuse_collective(spec, *collective);
  }
  if (std::holds_alternative<ServerAggregation>(spec.aggregation)) return refuse_servers(spec);
  return std::nullopt;
}

}  // namespace orrery::sgd
