// What is simulated: one run of one variant of parallel SGD with one seed, as plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "sim/base/fields.hpp"
#include "sim/base/registered.hpp"
#include "sim/base/rng.hpp"
#include "sim/base/units.hpp"
#include "sim/collective/algorithm.hpp"
#include "sim/net/network_config.hpp"
#include "workloads/learn/compressor.hpp"
#include "workloads/learn/problem.hpp"
#include "workloads/learn/updater.hpp"
#include "workloads/straggler/compute_times.hpp"
#include "workloads/sync/variant.hpp"

namespace orrery::sgd {

/// Communication takes no time: the assumption of the theory.
struct FreeAggregation {
  static constexpr std::string_view kind = "free";
  static constexpr std::string_view kind_help = "communication takes no time";
};
template <class V>
void fields(V&, FreeAggregation&) {}

/// Learners push gradients to servers and pull models from them; all share links, so pushes collide at a server's port.
/// Rank i is on host i; server j holds the j-th part of the model on the host behind the learners'.
struct ServerAggregation {
  static constexpr std::string_view kind = "parameter_server";
  static constexpr std::string_view kind_help = "gradients to one or several servers, models back, over the network";
  int servers = 1;
  net::NetworkConfig network;
  std::optional<Bytes> model_size;
  Seconds update{0.0};
  Seconds jitter{0.0};
};
template <class V>
void fields(V& v, ServerAggregation& c) {
  v("servers", c.servers, "hosts that hold the model, each an equal part", between(1, 1024));
  v("network", c.network, "topology and faults; it is resized to hold learners and servers");
  v("model_size", c.model_size, "bytes of model and of an uncompressed gradient; none: 4 bytes per parameter",
    more_than(0));
  v("update", c.update, "time of one update at the server", at_least(0));
  v("jitter", c.jitter, "mean of an exponential delay added to each message", at_least(0));
}

/// Gradients (or models, for local variants) are averaged among the learners by a collective. Only for variants in
/// which all learners take part in every update.
struct AllReduceAggregation {
  static constexpr std::string_view kind = "all_reduce";
  static constexpr std::string_view kind_help = "all learners average among themselves, over the network";
  Registered<collective::Algorithm> algorithm{"ring"};
  net::NetworkConfig network;
  std::optional<Bytes> model_size;
};
template <class V>
void fields(V& v, AllReduceAggregation& c) {
  v("algorithm", c.algorithm, "of the all-reduce (orrery list collective_algorithms)");
  v("network", c.network, "topology and faults; it is resized to hold the learners");
  v("model_size", c.model_size, "bytes of model and gradient; none: 4 bytes per parameter", more_than(0));
}

using Aggregation = std::variant<FreeAggregation, ServerAggregation, AllReduceAggregation>;

/// A run ends at whichever comes first.
struct Horizon {
  Seconds time{1000.0};
  std::optional<std::int64_t> updates;
  std::optional<double> epochs;
};
template <class V>
void fields(V& v, Horizon& c) {
  v("time", c.time, "simulated time", more_than(0));
  v("updates", c.updates, "updates of the model (local variants: local steps over all learners)", at_least(1));
  v("epochs", c.epochs, "passes over the training set", more_than(0));
}

struct EvaluationConfig {
  int points = 50;
  std::int64_t samples = 2000;
};
template <class V>
void fields(V& v, EvaluationConfig& c) {
  v("points", c.points, "moments at which the model is scored, evenly spaced over the time, and at its start",
    between(1, 10000));
  v("samples", c.samples, "training and test samples that are scored; 0: all", at_least(0));
}

struct SgdSpec {
  Registered<learn::Problem> problem{"quadratic"};
  const learn::Dataset* data = nullptr;  ///< outlives the run; null where the problem needs none
  int learners = 8;
  std::int64_t batch = 32;  ///< samples of one learner's mini-batch
  learn::UpdateConfig update;
  learn::CompressionConfig push, pull;
  straggler::StragglerConfig compute;
  Aggregation aggregation;
  Registered<sync::Variant> variant{"sync"};
  Horizon horizon;
  EvaluationConfig evaluation;
  Seed seed;
};

}  // namespace orrery::sgd
