#include "scenarios/collective_scenario.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "scenarios/scenario.hpp"
#include "sim/base/error.hpp"
#include "sim/base/spelling.hpp"
#include "sim/base/unit_text.hpp"
#include "sim/collective/placement.hpp"
#include "sim/net/routing.hpp"

namespace orrery::scenario {
namespace {

constexpr std::size_t kSizesMax = 1000;
constexpr Bytes kSizeMax{70368744177664.0};  // 64 TiB: with 65,536 ranks of 1-byte elements all counts are below 2^63

std::string trimmed(std::string text) {
  const auto keep = [](char c) { return c != ' '; };
  text.erase(text.begin(), std::find_if(text.begin(), text.end(), keep));
  text.erase(std::find_if(text.rbegin(), text.rend(), keep).base(), text.end());
  return text;
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == separator) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

/// What would have to change for the topology to hold `hosts`: "cluster.network.topology.hosts=16". Empty when its kind
/// cannot grow so far.
std::string growth(const CollectiveScenario& s, int hosts) {
  CollectiveScenario grown = s;
  try {
    net::resize(grown.cluster.network, hosts);
    read_json({"", "", write_json(grown.cluster.network), {}}, grown.cluster.network);  // within the fields' limits?
  } catch (const ScenarioError&) {
    return "";
  }
  const auto before = flatten_fields(s.cluster.network), after = flatten_fields(grown.cluster.network);
  std::vector<std::string> changes;
  for (const auto& [path, value] : after) {
    const bool same = std::find(before.begin(), before.end(), std::pair{path, value}) != before.end();
    if (!same) changes.push_back("cluster.network." + path + "=" + value);
  }
  return fmt::format("{}", fmt::join(changes, " and "));
}

/// The rules that join several fields, each met with a value that would work.
class Checker {
 public:
  Checker(const JsonDocument& document, const CollectiveScenario& scenario) : document_(document), s_(scenario) {}

  void check() const {
    if (s_.name.empty()) fail("$.name", "must not be empty");
    check_operation();
    const net::Topology topology = built();
    check_hosts(topology);
    check_algorithms(topology);
  }

 private:
  [[noreturn]] void fail(const std::string& path, const std::string& problem) const {
    throw ScenarioError(json_place(document_, path), problem);
  }

  void check_operation() const {
    const int ranks = s_.cluster.ranks;
    if (s_.root >= ranks) fail("$.root", fmt::format("root={} is no rank; the last one is {}", s_.root, ranks - 1));
    if (s_.collective == CollectiveKind::point_to_point && ranks < 2) {
      fail("$.cluster.ranks", "point_to_point needs at least 2 ranks");
    }
    if (!s_.counts.empty()) check_counts();
    static_cast<void>(parse_sizes(s_.sizes, json_place(document_, "$.sizes")));
    const std::size_t placed = s_.cluster.placement.size();
    if (placed != 0 && placed != static_cast<std::size_t>(ranks)) {
      fail("$.cluster.placement",
           fmt::format("{} hosts for {} ranks; name one host per rank, or none at all", placed, ranks));
    }
  }

  void check_counts() const {
    const auto ranks = static_cast<std::size_t>(s_.cluster.ranks);
    if (s_.collective != CollectiveKind::all_to_all) {
      fail("$.counts", "only all_to_all has counts; this is " + name(s_.collective));
    }
    bool square = s_.counts.size() == ranks;
    for (const auto& row : s_.counts) {
      square = square && row.size() == ranks;
      if (std::any_of(row.begin(), row.end(), [](std::int64_t n) { return n < 0; })) {
        fail("$.counts", "a count is negative; expected at least 0");
      }
      const double elements = std::accumulate(row.begin(), row.end(), 0.0);
      if (elements * size_of(s_.dtype) > kSizeMax) {
        fail("$.counts", "a row holds more than " + human(kSizeMax) + ", the most that a rank may send");
      }
    }
    if (!square) fail("$.counts", fmt::format("expected {} rows of {} numbers, one per pair of ranks", ranks, ranks));
  }

  net::Topology built() const {
    try {
      return net::build(s_.cluster.network);
    } catch (const ScenarioError& error) {
      fail("$.cluster.network", error.what());
    }
  }

  void check_hosts(const net::Topology& topology) const {
    const int hosts = static_cast<int>(topology.hosts().size());
    const int ranks = s_.cluster.ranks;
    if (s_.cluster.placement.empty() && ranks > hosts) {
      const std::string grown = growth(s_, ranks);
      fail("$.cluster.ranks",
           fmt::format("cluster.ranks={} but {} has {} hosts; use at most {} ranks{}", ranks,
                       s_.cluster.network.topology.name(), hosts, hosts, grown.empty() ? "" : " or " + grown));
    }
    std::set<std::string> used;
    for (std::size_t i = 0; i < s_.cluster.placement.size(); ++i) check_place(topology, i, used);
    try {
      const net::Router router(topology);
    } catch (const ScenarioError& error) {
      fail("$.cluster.network", std::string(error.what()) + "; take a fault away or add a cable");
    }
  }

  void check_place(const net::Topology& topology, std::size_t rank, std::set<std::string>& used) const {
    const std::string& host = s_.cluster.placement[rank];
    const std::string path = fmt::format("$.cluster.placement[{}]", rank);
    const net::NodeId node = topology.find_node(host);
    if (!node.valid() || topology.node(node).role == net::NodeRole::switching) {
      std::vector<std::string> known;
      for (const net::NodeId id : topology.hosts()) known.push_back(topology.node(id).name);
      const auto nearest = nearest_name(host, known);
      const std::string hint = nearest ? "did you mean \"" + *nearest + "\"?"
                                       : "hosts are \"" + known.front() + "\" to \"" + known.back() + "\"";
      fail(path, fmt::format("rank {} has no host: there is no host \"{}\"; {}", rank, host, hint));
    }
    if (!used.insert(host).second) fail(path, fmt::format("host \"{}\" holds a rank already; one per host", host));
  }

  void check_algorithms(const net::Topology& topology) const {
    for (const collective::PlanRequest& request : plan_requests(s_, topology)) {
      if (s_.compare.empty()) check_algorithm(s_.algorithm, request, "$.algorithm");
      for (std::size_t i = 0; i < s_.compare.size(); ++i) {
        check_algorithm(s_.compare[i], request, fmt::format("$.compare[{}]", i));
      }
    }
  }

  void check_algorithm(const AlgorithmChoice& choice, const collective::PlanRequest& request,
                       const std::string& path) const {
    std::vector<std::string> able;
    if (!choice.automatic()) {
      const auto refusal = choice.algorithm()->refusal(request);
      if (!refusal) return;
      for (const auto& algorithm : collective::eligible(request)) able.push_back(algorithm.name());
      fail(path, fmt::format("{} {}; what can do {} on {} ranks: {}", choice.name(), *refusal, name(request.kind),
                             request.ranks, able.empty() ? "none" : fmt::format("auto, {}", fmt::join(able, ", "))));
    }
    if (collective::eligible(request).empty()) {
      fail(path, fmt::format("no algorithm can do {} on {} ranks", name(request.kind), request.ranks));
    }
  }

  const JsonDocument& document_;
  const CollectiveScenario& s_;
};

/// Ranks that must divide the elements evenly, because each has a block of its own.
bool has_blocks(CollectiveKind kind) {
  return kind == CollectiveKind::reduce_scatter || kind == CollectiveKind::all_gather ||
         kind == CollectiveKind::all_to_all;
}

}  // namespace

Bytes size_of(ElementType type) {
  constexpr std::array<double, 5> sizes{1.0, 2.0, 2.0, 4.0, 8.0};
  return Bytes(sizes[static_cast<std::size_t>(type)]);
}

std::vector<Bytes> parse_sizes(const std::string& text, const std::string& place) {
  std::set<double> sizes;
  for (const std::string& part : split(text, ',')) {
    const auto dots = part.find("..");
    const Bytes first = parse_as<Bytes>(trimmed(part.substr(0, dots)), place);
    const Bytes last = dots == std::string::npos ? first : parse_as<Bytes>(trimmed(part.substr(dots + 2)), place);
    if (std::max(first, last) > kSizeMax) {
      throw ScenarioError(place, "\"" + trimmed(part) + "\" is too large; expected at most " + human(kSizeMax));
    }
    if (first.value() < 0.0) throw ScenarioError(place, "\"" + part + "\" is negative");
    if (last < first || (first.value() == 0.0 && last > first)) {
      throw ScenarioError(place, "the range \"" + trimmed(part) +
                                     "\" has to go from a small size that is not 0 to a larger one, such as "
                                     "\"1 KiB..1 GiB\"");
    }
    for (Bytes size = first; size <= last; size *= 2.0) {
      sizes.insert(size.value());
      if (sizes.size() > kSizesMax) throw ScenarioError(place, fmt::format("more than {} sizes", kSizesMax));
      if (size.value() == 0.0) break;
    }
  }
  std::vector<Bytes> result;
  for (const double size : sizes) result.emplace_back(size);
  return result;
}

std::int64_t whole_elements(CollectiveKind kind, int ranks, Bytes size, ElementType type) {
  const auto elements = static_cast<std::int64_t>(size / size_of(type));
  return has_blocks(kind) ? elements - elements % ranks : elements;
}

std::int64_t count_of(CollectiveKind kind, int ranks, std::int64_t elements) {
  return has_blocks(kind) ? elements / ranks : elements;
}

std::vector<collective::PlanRequest> plan_requests(const CollectiveScenario& s, const net::Topology& topology) {
  collective::PlanRequest request;
  request.kind = s.collective;
  request.ranks = s.cluster.ranks;
  request.root = s.root;
  // A placement of the user's own does not follow the network's grid.
  if (s.cluster.placement.empty()) request.dimensions = collective::grid_on(topology, s.cluster.ranks);
  request.has_reducer = topology.reducer().valid();
  if (!s.counts.empty()) {
    for (const auto& row : s.counts) {
      request.counts.insert(request.counts.end(), row.begin(), row.end());
      request.elements = std::max(request.elements, std::accumulate(row.begin(), row.end(), std::int64_t{0}));
    }
    return {request};
  }
  std::vector<collective::PlanRequest> requests;
  for (const Bytes size : parse_sizes(s.sizes, "sizes")) {
    request.elements = whole_elements(s.collective, request.ranks, size, s.dtype);
    if (s.collective == CollectiveKind::barrier) request.elements = 0;
    requests.push_back(request);
    if (s.collective == CollectiveKind::barrier) break;
  }
  return requests;
}

std::vector<net::NodeId> rank_nodes(const CollectiveScenario& s, const net::Topology& topology) {
  std::vector<net::NodeId> nodes;
  for (const std::string& host : s.cluster.placement) nodes.push_back(topology.find_node(host));
  for (std::size_t i = nodes.size(); i < static_cast<std::size_t>(s.cluster.ranks); ++i) {
    nodes.push_back(topology.hosts()[i]);
  }
  return nodes;
}

CollectiveScenario read_collective_scenario(const JsonDocument& document) {
  CollectiveScenario scenario;
  read_json(document, scenario);
  if (scenario.cluster.resize) {
    int extra = scenario.algorithm.extra_hosts(scenario.collective);
    for (const AlgorithmChoice& choice : scenario.compare) {
      extra = std::max(extra, choice.extra_hosts(scenario.collective));
    }
    try {
      net::resize(scenario.cluster.network, scenario.cluster.ranks + extra);
    } catch (const ScenarioError& error) {
      throw ScenarioError(json_place(document, "$.cluster.resize"), error.what());
    }
  }
  Checker(document, scenario).check();
  return scenario;
}

std::string scenario_hash(const CollectiveScenario& scenario) {
  Json json = write_json(scenario);
  json["outputs"].erase("trace");
  return text_hash(json.dump());
}

}  // namespace orrery::scenario
