// Topologies by name: each is one file in sim/net/topologies with its configuration and its builder, registered there.
// Scenarios choose one by `kind`; `orrery list topologies` prints them.
#pragma once

#include <memory>

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
  /// `--ranks N` on the command line and for sweeps over the number of ranks.
  virtual void resize(int hosts) = 0;

  static Registry<TopologyBuilder>& registry();
};

}  // namespace orrery::net
