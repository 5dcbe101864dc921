// Topologies by name: each is one file in sim/net/topologies with its configuration and its builder, registered there.
// Scenarios choose one by `kind`; `orrery list topologies` prints them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "sim/base/registered.hpp"
#include "sim/net/topology.hpp"

namespace orrery::net {

class TopologyBuilder {
 public:
  virtual ~TopologyBuilder() = default;
  virtual std::unique_ptr<TopologyBuilder> clone() const = 0;
  virtual void visit(FieldVisitor& v) = 0;
  /// Throws ScenarioError with the field's name and a value that would work when the configuration is impossible.
  virtual Topology build() const = 0;
  /// The same kind of machine with at least `hosts` hosts: changes the field(s) that a user would change. For
  /// `--ranks N` on the command line and for sweeps over the number of ranks. REQUIRES: 1 <= hosts <= 65536.
  /// Throws ScenarioError when this kind does not grow so far.
  virtual void resize(int hosts) = 0;

  static Registry<TopologyBuilder>& registry();
};

/// For builders: throws ScenarioError(`field`) when a machine would have more than 65,536 hosts.
void check_host_count(std::int64_t hosts, const std::string& field);

}  // namespace orrery::net
