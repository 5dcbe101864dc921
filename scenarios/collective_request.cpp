#include "scenarios/collective_request.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "scenarios/collective_scenario.hpp"
#include "scenarios/option_lookup.hpp"
#include "scenarios/override.hpp"
#include "sim/base/collective_kind.hpp"
#include "sim/base/error.hpp"
#include "sim/net/link_config.hpp"
#include "sim/net/network_config.hpp"

namespace orrery::scenario {
namespace {

/// Finds the fields of a topology that are cables: structs with a `preset`.
class CableFinder : public FieldVisitor {
 public:
  std::vector<std::string> names;

 private:
  struct HasPreset : FieldVisitor {
    bool found = false;
    void visit(const Field& field, const ValueRef&) override { found = found || field.name == "preset"; }
  };
  void visit(const Field& field, const ValueRef& value) override {
    const auto* object = std::get_if<StructRef>(&value.to);
    if (object == nullptr) return;
    HasPreset inner;
    object->visit(object->object, inner);
    if (inner.found) names.emplace_back(field.name);
  }
};

/// The one cable that --link means.
std::string cable_of(Registered<net::TopologyBuilder>& topology) {
  CableFinder finder;
  topology->visit(finder);
  if (finder.names.size() == 1) return finder.names.front();
  std::string forms;
  for (const std::string& name : finder.names) {
    forms += fmt::format("{}--set topology.{}.preset=NAME", forms.empty() ? "" : " or ", name);
  }
  throw ScenarioError("--link", fmt::format("{} has {} sorts of cables{}", topology.name(), finder.names.size(),
                                            forms.empty() ? "" : "; use " + forms));
}

std::string long_form(const std::string& option) {
  return option.rfind("topology.", 0) == 0 || option.rfind("faults", 0) == 0 ? "cluster.network." + option : option;
}

}  // namespace

JsonDocument collective_document(const CollectiveCommand& command) {
  if (command.ranks < 1) throw ScenarioError("--ranks", fmt::format("{} ranks; use at least 2", command.ranks));
  auto topology = named("--topology", [&] { return Registered<net::TopologyBuilder>(command.topology); });
  const CollectiveKind kind = named("--kind", [&] { return collective_kind(command.collective); });
  int extra_hosts = 0;
  for (const std::string& algorithm : command.algorithms) {
    const AlgorithmChoice choice = named("--algorithm", [&] { return AlgorithmChoice(algorithm); });
    extra_hosts = std::max(extra_hosts, choice.extra_hosts(kind));
  }
  net::check_host_count(std::int64_t{command.ranks} + extra_hosts, "--ranks");
  net::NetworkConfig network;
  network.topology = topology;
  net::resize(network, command.ranks + extra_hosts);
  JsonDocument document;
  document.root = Json{{"version", 1}, {"kind", "collective"}, {"name", "collective"}};
  document.root["cluster"] = {{"ranks", command.ranks}, {"network", write_json(network)}};
  document.root["collective"] = name(kind);
  static_cast<void>(parse_sizes(command.sizes, "--sizes"));
  document.root["sizes"] = command.sizes;
  document.root[command.algorithms.size() > 1 ? "compare" : "algorithm"] =
      command.algorithms.size() > 1 ? Json(command.algorithms) : Json(command.algorithms.front());
  document.root["outputs"] = {{"timeline", 0}};
  if (!command.link.empty()) {
    named("--link", [&] {
      net::LinkConfig link;
      link.preset = command.link;
      return net::resolve(link);
    });
    document.root["cluster"]["network"]["topology"][cable_of(network.topology)]["preset"] = command.link;
  }
  for (const std::string& option : command.overrides) apply_override(document, long_form(option));
  return document;
}

}  // namespace orrery::scenario
