// A scenario of kind "collective": one collective operation on one network, for one or many sizes and algorithms. A plain
// value described by `fields()`, like the training scenario (scenario.hpp).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/algorithm_choice.hpp"
#include "sim/base/collective_kind.hpp"
#include "sim/base/fields.hpp"
#include "sim/base/json_io.hpp"
#include "sim/collective/executor.hpp"
#include "sim/net/network_config.hpp"

namespace orrery::scenario {

enum class CollectiveOnly { collective };
constexpr auto names_of(CollectiveOnly) {
  return std::array{std::string_view("collective")};
}

enum class ElementType { int8, float16, bfloat16, float32, float64 };
constexpr auto names_of(ElementType) {
  return std::array<std::string_view, 5>{"int8", "float16", "bfloat16", "float32", "float64"};
}
Bytes size_of(ElementType type);

struct CollectiveCluster {
  int ranks = 8;
  bool resize = false;
  net::NetworkConfig network;
  std::vector<std::string> placement;
};
template <class V>
void fields(V& v, CollectiveCluster& c) {
  v("ranks", c.ranks, "processes that take part", between(1, 65536));
  v("resize", c.resize, "change the topology's own size so that it holds the ranks; for sweeps over the number of ranks");
  v("network", c.network, "topology and faults");
  v("placement", c.placement, "host of each rank by name; none: rank i on the i-th host");
}

struct CostConfig {
  Seconds alpha{0.0};
  SecondsPerByte gamma{0.0};
};
template <class V>
void fields(V& v, CostConfig& c) {
  v("alpha", c.alpha, "software start-up of each message, before its first byte is on the wire", at_least(0));
  v("gamma", c.gamma, "a rank adds up received bytes at this pace", at_least(0));
}

struct CollectiveOutputs {
  bool trace = false;
  bool what_if = true;
  int links = 16;
  int timeline = 50;
};
template <class V>
void fields(V& v, CollectiveOutputs& c) {
  v("trace", c.trace, "write trace.json.gz beside result.json (the option --trace)");
  v("what_if", c.what_if, "simulate the largest size again with one property of the network changed at a time");
  v("links", c.links, "busiest links that the answer lists for each size", between(0, 65536));
  v("timeline", c.timeline, "intervals into which a listed link's utilisation over time is cut; 0: none", between(0, 10000));
}

struct CollectiveScenario {
  std::int64_t version = 1;
  CollectiveOnly kind = CollectiveOnly::collective;
  std::string name;
  std::string question;
  CollectiveCluster cluster;
  CollectiveKind collective = CollectiveKind::all_reduce;
  std::string sizes = "1 MiB";
  ElementType dtype = ElementType::float32;
  int root = 0;
  std::vector<std::vector<std::int64_t>> counts;
  AlgorithmChoice algorithm;
  std::vector<AlgorithmChoice> compare;
  CostConfig costs;
  collective::Fidelity fidelity = collective::Fidelity::automatic;
  std::uint64_t seed = 1;
  CollectiveOutputs outputs;
};
template <class V>
void fields(V& v, CollectiveScenario& c) {
  v("version", c.version, "version of this format", between(1, 1).required());
  v("kind", c.kind, "what is simulated", required());
  v("name", c.name, "short name for reports", required());
  v("question", c.question, "the question that this file answers, in one line");
  v("cluster", c.cluster, "ranks and the network between them");
  v("collective", c.collective, "the operation");
  v("sizes", c.sizes,
    "bytes of one rank's buffer (all-gather, reduce-scatter: the total): sizes and doubling ranges with commas, such as "
    "`\"64 KiB, 1 MiB..1 GiB\"`");
  v("dtype", c.dtype, "element type; sizes are rounded down to whole elements");
  v("root", c.root, "rank that sends (broadcast) or receives (reduce)", at_least(0));
  v("counts", c.counts, "all_to_all with unequal parts: row i has the elements that rank i sends to each rank; replaces sizes");
  v("algorithm", c.algorithm, "how it is done");
  v("compare", c.compare, "several algorithms side by side; replaces algorithm");
  v("costs", c.costs, "what a message costs at its ends beside the wire");
  v("fidelity", c.fidelity,
    "\"uncontended\": closed walk, refused where links are shared; \"events\": flows that share links; \"automatic\": the "
    "first where it holds, else the second");
  v("seed", c.seed, "of all random numbers");
  v("outputs", c.outputs, "what the answer holds besides the table");
}

/// Reads and checks: placement, root, counts and sizes fit the ranks, every host exists and reaches every other one, each
/// named algorithm can do the request. With `cluster.resize` the topology is resized. Throws ScenarioError with a value
/// that would work.
CollectiveScenario read_collective_scenario(const JsonDocument& document);

/// The sizes in ascending order without repeats. Throws ScenarioError (with `place`).
std::vector<Bytes> parse_sizes(const std::string& text, const std::string& place);

/// Elements in `size` that the ranks can divide where each has a block of its own (nccl-tests rounds in the same way).
std::int64_t whole_elements(CollectiveKind kind, int ranks, Bytes size, ElementType type);
/// As nccl-tests counts them: those of one rank's part where each rank has its own.
std::int64_t count_of(CollectiveKind kind, int ranks, std::int64_t elements);

/// The cases to simulate: one per size, or the one of `counts`. Sizes are rounded to whole_elements.
std::vector<collective::PlanRequest> plan_requests(const CollectiveScenario& scenario, const net::Topology& topology);

/// The node of each rank. REQUIRES: a checked scenario.
std::vector<net::NodeId> rank_nodes(const CollectiveScenario& scenario, const net::Topology& topology);

/// 16 hexadecimal digits over everything that can change a result: all fields but `outputs.trace`.
std::string scenario_hash(const CollectiveScenario& scenario);

}  // namespace orrery::scenario
