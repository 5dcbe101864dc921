// Simulated time equals the alpha-beta-gamma closed forms on the ideal network
// (tests/sim/collective/ideal_network.hpp), at both fidelities, for every registered algorithm; and the closed forms
// equal the oracles C1..C9 of tests/oracles/collectives.json.
//
// How equal: time is kept exactly inside and shown in whole nanoseconds, so the simulated time of a plan differs from
// its closed form by at most the rounding of its last message, 0.5 ns, where no two messages share a port. Where they
// share one, each change of rates may round again: at most one nanosecond a step.
#include <catch2/catch.hpp>
#include <cmath>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "sim/base/json_io.hpp"
#include "sim/collective/algorithm.hpp"
#include "tests/sim/collective/ideal_network.hpp"
#include "tests/sim/collective/option_sets.hpp"
#include "tests/sim/collective/requests.hpp"

using namespace orrery;
using namespace orrery::collective;

namespace {

struct Described {
  Registered<Algorithm> algorithm{"ring"};
};
template <class V>
void fields(V& v, Described& c) {
  v("algorithm", c.algorithm, "the algorithm");
}

Registered<Algorithm> algorithm(const std::string& json) {
  Described config;
  read_json(parse_json(R"({"algorithm": )" + json + "}", "algorithm"), config);
  return config.algorithm;
}

const Json& oracle(const std::string& id) {
  static const Json all = [] {
    std::ifstream file(ORRERY_SOURCE_DIR "/tests/oracles/collectives.json");
    std::stringstream text;
    text << file.rdbuf();
    return parse_json(text.str(), "collectives.json").root;
  }();
  REQUIRE(all.contains(id));
  return all[id];
}

int steps_of(const Plan& plan) {
  int steps = 0;
  for (const Channel& channel : plan.channels) steps = std::max(steps, channel.steps);
  return steps;
}

/// The largest number of messages that one participant receives in one step.
int most_receives(const Plan& plan) {
  std::map<std::pair<int, int>, std::set<int>> senders;
  int most = 0;
  for (const Transfer& t : plan.channels.at(0).transfers) {
    if (t.from != t.to) senders[{t.step, t.to}].insert(t.from);
  }
  for (const auto& [visit, from] : senders) most = std::max(most, static_cast<int>(from.size()));
  return most;
}

double rounding_ns(const PlanTiming& timing, const Plan& plan) {
  return timing.fidelity == Fidelity::uncontended ? 0.5 : 0.5 + steps_of(plan);
}

PlanRequest request(CollectiveKind kind, int ranks, std::int64_t elements, std::vector<int> grid = {}) {
  PlanRequest r;
  r.kind = kind;
  r.ranks = ranks;
  r.elements = elements;
  r.dimensions = std::move(grid);
  r.has_reducer = true;
  return r;
}

/// Runs the oracle's case on the ideal network (element = 1 byte) and compares plan, closed form and oracle.
void check_oracle(const std::string& id, const std::string& json, PlanRequest r) {
  INFO(id);
  const Json& inputs = oracle(id)["inputs"];
  const Hockney h{Seconds(inputs["alpha"].get<double>()), SecondsPerByte(inputs["beta"].get<double>()),
                  SecondsPerByte(inputs.value("gamma", 0.0))};
  const double expected = oracle(id)["expected"].get<double>();
  const char* size = inputs.contains("n_bytes") ? "n_bytes" : "n_bytes_per_rank";
  r.elements = inputs[size].get<std::int64_t>();
  const Registered<Algorithm> a = algorithm(json);
  REQUIRE_FALSE(a->refusal(r));
  CHECK(a->closed_form(r, Bytes(1), {&h, 1})->value() == Approx(expected).epsilon(1e-9));
  const Plan plan = a->plan(r);
  IdealNetwork network(plan.participants(), h.beta);
  const auto timing = network.time(plan, h, Bytes(1), Fidelity::events);
  CHECK(std::abs(timing->time.value() - expected) <= (0.5 + steps_of(plan)) * 1e-9);
}

}  // namespace

TEST_CASE("on the ideal network event time, uncontended time and closed form are one for every algorithm") {
  const Bytes element(16384.0);
  for (const OptionSet& set : all_option_sets()) {
    const Registered<Algorithm>& a = set.algorithm;
    for (const CollectiveKind kind : all_kinds()) {
      for (const int ranks : {1, 2, 3, 4, 6, 8, 12, 16, 17}) {
        if (set.text != a.name() && ranks > 8) continue;
        for (const std::vector<int>& grid : grids_of(ranks)) {
          PlanRequest r = request(kind, ranks, kind == CollectiveKind::barrier ? 0 : 240 * ranks, grid);
          r.root = ranks - 1;
          PlanRequest flat = r;
          flat.dimensions.clear();
          const bool ignores_grid = !grid.empty() && !a->refusal(flat);
          if (ignores_grid || a->refusal(r)) continue;
          INFO(set.text << ": " << text_of(r));
          const Plan plan = a->plan(r);
          IdealNetwork network(plan.participants());
          const auto events = network.time(plan, kHockney, element, Fidelity::events);
          const auto walked = network.time(plan, kHockney, element, Fidelity::uncontended);
          if (walked) {
            CHECK(walked->time == events->time);
            CHECK(walked->rank_time == events->rank_time);
          }
          const auto formula = a->closed_form(r, element, {&kHockney, 1});
          if (!formula) continue;
          CHECK(std::abs((events->time - *formula).value()) * 1e9 <=
                rounding_ns(walked ? *walked : *events, plan) + 1e-3);
        }
      }
    }
  }
}

TEST_CASE("pipelined algorithms take their closed form with any number of pieces") {
  for (const int pieces : {1, 2, 5, 16}) {
    for (const char* name : {"chain", "in_network"}) {
      const Registered<Algorithm> a =
          algorithm(R"({"kind": ")" + std::string(name) + R"(", "pieces": )" + std::to_string(pieces) + "}");
      for (const CollectiveKind kind : all_kinds()) {
        const PlanRequest r = request(kind, 6, 480 * 6);
        if (a->refusal(r)) continue;
        INFO(name << " " << text_of(r) << " in pieces: " << pieces);
        const Plan plan = a->plan(r);
        IdealNetwork network(plan.participants());
        const auto timing = network.time(plan, kHockney, Bytes(65536), Fidelity::automatic);
        const auto formula = a->closed_form(r, Bytes(65536), {&kHockney, 1});
        CHECK(std::abs((timing->time - *formula).value()) * 1e9 <= rounding_ns(*timing, plan) + 1e-3);
      }
    }
  }
}

TEST_CASE("all-reduces take the times of the oracles C1 to C7") {
  for (const int ranks : {4, 8, 16}) {
    const PlanRequest r = request(CollectiveKind::all_reduce, ranks, 0);
    const std::string p = ".P" + std::to_string(ranks);
    check_oracle("C1.ring.allreduce" + p, R"({"kind": "ring"})", r);
    check_oracle("C2.recursive_doubling" + p, R"({"kind": "recursive_doubling"})", r);
    check_oracle("C3.halving_doubling" + p, R"({"kind": "halving_doubling"})", r);
  }
  check_oracle("C4.binomial.reduce+bcast.P8", R"({"kind": "binomial"})", request(CollectiveKind::all_reduce, 8, 0));
  // Seven workers and a server are the eight processes of the lecture's count.
  check_oracle("C6.ps.time", R"({"kind": "parameter_server"})", request(CollectiveKind::all_reduce, 7, 0));
  check_oracle("C6.ps.sharded.time", R"({"kind": "parameter_server", "servers": 4})",
               request(CollectiveKind::all_reduce, 8, 0));
  check_oracle("C7.torus2d.4x4", R"({"kind": "torus_2d"})", request(CollectiveKind::all_reduce, 16, 0, {4, 4}));
  check_oracle("C7.torus2d.2x2", R"({"kind": "torus_2d"})", request(CollectiveKind::all_reduce, 4, 0, {2, 2}));
}

TEST_CASE("the other collectives take the times of the oracles C9") {
  check_oracle("C9.reduce_scatter.ring.P8", R"({"kind": "ring"})", request(CollectiveKind::reduce_scatter, 8, 0));
  check_oracle("C9.all_gather.ring.P8", R"({"kind": "ring"})", request(CollectiveKind::all_gather, 8, 0));
  check_oracle("C9.all_to_all.pairwise.P8", R"({"kind": "pairwise"})", request(CollectiveKind::all_to_all, 8, 0));
  check_oracle("C9.all_to_all.bruck.P8", R"({"kind": "bruck"})", request(CollectiveKind::all_to_all, 8, 0));
  check_oracle("C9.bcast.scatter_allgather.P8", R"({"kind": "van_de_geijn"})",
               request(CollectiveKind::broadcast, 8, 0));
}

TEST_CASE("oracle C4: a pipelined tree whose edges are links of their own takes 2(d+k-1)(a + n b/k)") {
  const Json& inputs = oracle("C4.pipelined_tree.P8")["inputs"];
  const int ranks = inputs["P"].get<int>(), pieces = inputs["k"].get<int>();
  net::Topology topology;
  for (int i = 0; i < ranks; ++i) topology.add_host("host " + std::to_string(i));
  for (int i = 0; i < ranks; ++i) {
    for (int j = 0; j < i; ++j) {
      topology.connect(topology.hosts()[static_cast<std::size_t>(i)], topology.hosts()[static_cast<std::size_t>(j)],
                       {BytesPerSec(1.0 / inputs["beta"].get<double>()), Seconds(0.0)});
    }
  }
  net::Router router(topology);
  const Registered<Algorithm> tree = algorithm(R"({"kind": "binary_tree", "pieces": )" + std::to_string(pieces) + "}");
  const Plan plan = tree->plan(request(CollectiveKind::all_reduce, ranks, inputs["n_bytes"].get<std::int64_t>()));
  const EndpointCosts costs{Seconds(inputs["alpha"].get<double>()), SecondsPerByte(0.0), Bytes(1)};
  const auto timing = time_plan(plan, router, place(plan, topology), costs);
  CHECK(timing->fidelity == Fidelity::uncontended);
  CHECK(std::abs(timing->time.value() - oracle("C4.pipelined_tree.P8")["expected"].get<double>()) <= 0.51e-9);
}

// The bound from above (double_binary_tree.cpp): in a step at most four messages of n/2k share a port, and the last piece
// comes down in step k + 2D - 1 of a tree of depth D.
TEST_CASE("oracle C5: a double binary tree never beats 2 log2 P alpha + 2 n beta and comes near its bandwidth") {
  const Json& inputs = oracle("C5.double_binary_tree.busmodel")["inputs"];
  const double expected = oracle("C5.double_binary_tree.busmodel")["expected"].get<double>();
  const double beta = inputs["beta"].get<double>(), n = inputs["n_bytes"].get<double>();
  const Hockney h{Seconds(inputs["alpha"].get<double>()), SecondsPerByte(beta), SecondsPerByte(0.0)};
  const PlanRequest r = request(CollectiveKind::all_reduce, inputs["P"].get<int>(), static_cast<std::int64_t>(n));
  const int depth = 3;
  for (const int pieces : {1, 8, 32, 128, 512}) {
    const Plan plan = algorithm(R"({"kind": "double_binary_tree", "pieces": )" + std::to_string(pieces) + "}")->plan(r);
    IdealNetwork network(r.ranks, h.beta);
    const double k = pieces, time = network.time(plan, h, Bytes(1), Fidelity::automatic)->time.value();
    CHECK(time >= expected);
    CHECK(time <= (k + 2 * depth) * h.alpha.value() + 2 * n * (1 + 2 * depth / k) * beta);
  }
}

TEST_CASE("a double binary tree of two ranks takes (k+1) alpha + n beta") {
  for (const int pieces : {1, 2, 7, 64}) {
    const PlanRequest r = request(CollectiveKind::all_reduce, 2, 2 * 7 * 64 * 10);
    const Plan plan = algorithm(R"({"kind": "double_binary_tree", "pieces": )" + std::to_string(pieces) + "}")->plan(r);
    const Hockney h{kHockney.alpha, kHockney.beta, SecondsPerByte(0.0)};
    IdealNetwork network(2, h.beta);
    const double expected = (pieces + 1) * h.alpha.value() + r.elements * 1000.0 * h.beta.value();
    const auto timing = network.time(plan, h, Bytes(1000), Fidelity::automatic);
    CHECK(std::abs(timing->time.value() - expected) <= (0.5 + steps_of(plan)) * 1e-9);
  }
}

// Tree against ring on 64 ranks (oracle C11 has their ideal crossover): few start-ups win while buffers are small.
TEST_CASE("the two trees are ahead of a ring on many ranks until the buffer is large") {
  IdealNetwork network(64);
  const Hockney h{kHockney.alpha, kHockney.beta, SecondsPerByte(0.0)};
  const auto time = [&](const char* name, std::int64_t elements) {
    const Plan plan = Registered<Algorithm>(name)->plan(request(CollectiveKind::all_reduce, 64, elements));
    return network.time(plan, h, Bytes(4), Fidelity::automatic)->time;
  };
  CHECK(time("double_binary_tree", 64) < 0.11 * time("ring", 64));
  CHECK(time("double_binary_tree", 1 << 20) < 0.6 * time("ring", 1 << 20));
  CHECK(time("double_binary_tree", 1 << 28) > time("ring", 1 << 28));
}

namespace {

/// Nodes of GPUs on an NVSwitch; outside a network card for each GPU with a rail of its own, or one for the node.
net::Topology gpu_nodes(int gpus, int nodes, bool own_cards, const Hockney& inside, const Hockney& outside) {
  const BytesPerSec outer(1.0 / outside.beta.value());
  const net::LinkSpec inner{BytesPerSec(1.0 / inside.beta.value()), inside.alpha / 2.0};
  net::Topology topology;
  std::vector<net::NodeId> rails;
  const net::NodeId core = topology.add_switch("core");
  for (int g = 0; g < (own_cards ? gpus : 1); ++g) {
    rails.push_back(topology.add_switch("rail " + std::to_string(g)));
    topology.connect(rails.back(), core, {outer, Seconds(0.0)});
  }
  for (int m = 0; m < nodes; ++m) {
    const net::NodeId nvswitch = topology.add_switch("node " + std::to_string(m));
    for (int g = 0; g < gpus; ++g) {
      const net::NodeId gpu = topology.add_host("gpu " + std::to_string(m * gpus + g));
      topology.connect(gpu, nvswitch, inner);
      if (own_cards) topology.connect(gpu, rails[static_cast<std::size_t>(g)], {outer, outside.alpha / 2.0});
    }
    if (!own_cards) topology.connect(nvswitch, rails[0], {outer, (outside.alpha - inside.alpha) / 2.0});
  }
  return topology;
}

struct Levels {
  int gpus = 0, nodes = 0;
  std::int64_t bytes = 0;
  Hockney inside, outside;
};

Levels levels_of_c8() {
  const Json& inputs = oracle("C8.hierarchical")["inputs"];
  const auto level = [&](const std::string& name) {
    return Hockney{Seconds(inputs["alpha_" + name].get<double>()), SecondsPerByte(inputs["beta_" + name].get<double>()), {}};
  };
  return {inputs["G"].get<int>(), inputs["M"].get<int>(), inputs["n_bytes"].get<std::int64_t>(), level("intra"),
          level("inter")};
}

}  // namespace

TEST_CASE("oracle C8: the hierarchical all-reduce with a network card for each GPU, and with one for each node") {
  const Levels c8 = levels_of_c8();
  const Registered<Algorithm> a = algorithm(R"({"kind": "hierarchical", "pieces": 1})");
  const PlanRequest r = request(CollectiveKind::all_reduce, c8.gpus * c8.nodes, c8.bytes, {c8.gpus, c8.nodes});
  const Plan plan = a->plan(r);
  for (const bool own_cards : {true, false}) {
    const net::Topology topology = gpu_nodes(c8.gpus, c8.nodes, own_cards, c8.inside, c8.outside);
    net::Router router(topology);
    const auto timing = time_plan(plan, router, place(plan, topology), {Seconds(0.0), SecondsPerByte(0.0), Bytes(1)});
    const char* id = own_cards ? "C8.hierarchical" : "C8.hierarchical.1nic";
    INFO(id);
    CHECK((timing->fidelity == Fidelity::uncontended) == own_cards);
    CHECK(std::abs(timing->time.value() - oracle(id)["expected"].get<double>()) <= (0.5 + steps_of(plan)) * 1e-9);
  }
  const Hockney levels[] = {c8.inside, c8.outside};
  CHECK(a->closed_form(r, Bytes(1), levels)->value() ==
        Approx(oracle("C8.hierarchical")["expected"].get<double>()).epsilon(1e-9));
}

// Two pieces on the network of C8 without latencies. A piece is r inside, A between the nodes, r inside, with r <= A. The
// second one's reduce-scatter ends at 2r; from then both share the network cards, which are busy from r to r + 2A, so the
// first one comes back at 2A and is spread by 2A + r, when the second one comes back: 2A + 2r in all, 2r less than one
// piece after the other. With k pieces the links inside are the bottleneck: busy for 4r in all, idle for no longer than
// one piece is between the nodes.
TEST_CASE("the pieces of a hierarchical all-reduce overlap inside and between nodes") {
  const Levels c8 = levels_of_c8();
  const Hockney inside{Seconds(0.0), c8.inside.beta, {}}, outside{Seconds(0.0), c8.outside.beta, {}};
  const double n = static_cast<double>(c8.bytes), g = c8.gpus, m = c8.nodes;
  const double r = (g - 1) * n / 2 / g * inside.beta.value(), a = 2 * (m - 1) * n / 2 / (g * m) * outside.beta.value();
  REQUIRE(r <= a);
  const net::Topology topology = gpu_nodes(c8.gpus, c8.nodes, true, inside, outside);
  net::Router router(topology);
  const auto time = [&](int pieces) {
    const Registered<Algorithm> layered =
        algorithm(R"({"kind": "hierarchical", "pieces": )" + std::to_string(pieces) + "}");
    const Plan plan =
        layered->plan(request(CollectiveKind::all_reduce, c8.gpus * c8.nodes, c8.bytes, {c8.gpus, c8.nodes}));
    const auto timing = time_plan(plan, router, place(plan, topology), {Seconds(0.0), SecondsPerByte(0.0), Bytes(1)});
    return timing->time.value();
  };
  CHECK(std::abs(time(1) - (2 * a + 4 * r)) < 20e-9);
  CHECK(std::abs(time(2) - (2 * a + 2 * r)) < 40e-9);
  CHECK(time(8) < time(4));
  CHECK(time(4) < time(2));
  CHECK(time(8) > 4 * r);
  CHECK(time(8) < 4 * r + 2 * a / 8);
}

// Who hears from at most m others in a step knows of at most (1+m)^k ranks after k steps, so an all-reduce needs
// log(P) / log(1+m) start-ups: log2 P with one message at a time.
TEST_CASE("no all-reduce between end points beats log2(P) alpha or 2(P-1)/P n beta") {
  for (const int ranks : {2, 3, 5, 8, 13, 16}) {
    const PlanRequest r = request(CollectiveKind::all_reduce, ranks, 1 << 20, {ranks, 1});
    for (const Registered<Algorithm>& a : eligible(r)) {
      const Plan plan = a->plan(r);
      if (plan.helper_role == HelperRole::reducer) continue;  // the network itself adds up
      INFO(a.name() << " on " << ranks);
      IdealNetwork network(plan.participants());
      const double n = 4.0 * static_cast<double>(r.elements), p = ranks;
      const auto large = network.time(plan, {Seconds(0.0), kHockney.beta, {}}, Bytes(4), Fidelity::automatic);
      CHECK(large->time.value() >= 2 * (p - 1) / p * n * kHockney.beta.value() - 0.5e-9);
      PlanRequest empty = r;
      empty.elements = 0;
      const Plan bare = a->plan(empty);
      const auto small = network.time(bare, kHockney, Bytes(4), Fidelity::automatic);
      const double steps = std::log2(p) / std::log2(1.0 + most_receives(bare));
      CHECK(small->time.value() >= steps * kHockney.alpha.value() - 0.5e-9);
    }
  }
}
